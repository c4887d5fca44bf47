"""Flickr-SoundNet with the boxes of Senocak et al. (CVPR 2018)."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.localizer_set import Boxes, LocalizerSet
from mmavssl.utils.errors import ConfigError

FRAME_SIDE = 256  # of the square that annotators saw, in pixels


class FlickrSoundNet(LocalizerSet):
    """Flickr-SoundNet; the boxes are in one XML file per id, one or more of each annotator."""

    title = 'Flickr-SoundNet'
    releases = {'flickr_10k': 10_000, 'flickr_144k': 144_000, 'flickr_test': 249}
    other_suffixes = (*LocalizerSet.other_suffixes, '.xml')

    def read_boxes(
        self, tree: FileTree, ids: Sequence[str] | None
    ) -> tuple[dict[str, Boxes], dict[str, str]]:
        """Read the XML files of ids.

        Raises:
            ConfigError: `annotations` is no folder.
        """
        files = self._files(tree)
        boxes, faults = {}, {}
        for clip_id in files if ids is None else ids:
            if clip_id in files:
                try:
                    boxes[clip_id] = read_xml(files[clip_id])
                except (ElementTree.ParseError, OSError, ValueError) as error:
                    faults[clip_id] = f'{files[clip_id].name}: {error}'
        return boxes, faults

    def _files(self, tree: FileTree) -> dict[str, Path]:
        if self.annotations is None:
            names = (name for name in tree.others if name.lower().endswith('.xml'))
            return {PurePosixPath(name).stem: tree.root / name for name in names}
        if not Path(self.annotations).is_dir():
            raise ConfigError(
                f'{self.annotations} is not a folder; `--annotations` names that of the XML files.'
            )
        return {path.stem: path for path in sorted(Path(self.annotations).glob('*.xml'))}


def read_xml(path: Path) -> Boxes:
    """Read the boxes of a frame, in shares of its sides.

    Each annotator has elements ``bbox`` of five: something else first, then x1, y1, x2, y2.

    Raises:
        ValueError: no box, or one of another form.
    """
    boxes = [
        [float(value.text or '') / FRAME_SIDE for value in list(box)[1:]]
        for annotator in ElementTree.parse(path).getroot()
        for box in annotator
        if box.tag == 'bbox'
    ]
    if not boxes or any(len(box) != 4 for box in boxes):
        raise ValueError('expected elements `bbox` of annotators, of a label and four numbers')
    return boxes
