"""Kinetics-400."""

from functools import cached_property

from mmavssl.datasets.preparation.recipe import Reference, shipped_classes
from mmavssl.datasets.preparation.youtube import YouTubeClips


class K400(YouTubeClips):
    """Kinetics-400, whose validation part is what methods are tested on."""

    name = 'Kinetics-400'
    layouts = (
        'files `<YouTube id>[_<start>_<end>].mp4` with train.csv and val.csv, with the lists of '
        'mmaction2, or in folders like train/<class>, videos_val/<class>'
    )
    part_names = {'train': 'train', 'val': 'test'}
    references = (Reference('the paper, with silent ones', '~240K', '~20K'),)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The 400 names in the order of Kinetics and mmaction2."""
        return shipped_classes('k400')
