"""VGGSound."""

from functools import cached_property

from mmavssl.datasets.preparation.recipe import Reference, shipped_classes
from mmavssl.datasets.preparation.youtube import YouTubeClips


class VGGSound(YouTubeClips):
    """VGGSound with its 309 classes."""

    name = 'VGGSound'
    layouts = (
        'files `<YouTube id>_<start>.mp4` with vggsound.csv, with train.csv and test.csv, or in '
        'folders train/<class>, test/<class>'
    )
    part_names = {'train': 'train', 'test': 'test'}
    references = (Reference('the paper', '183,730', '15,446'),)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The 309 names in the order of the alphabet."""
        return shipped_classes('vggsound')
