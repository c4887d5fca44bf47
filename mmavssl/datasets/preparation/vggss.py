"""VGG-Sound Source (VGG-SS): clips of VGGSound with boxes (Chen et al., CVPR 2021)."""

import json
from collections.abc import Sequence
from typing import Any

from mmavssl.datasets.list_rows import read_text
from mmavssl.datasets.preparation.annotations import ClipName, parse_clip_name
from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.localizer_set import Boxes, LocalizerSet
from mmavssl.utils.errors import DataError


class VGGSS(LocalizerSet):
    """VGG-SS for testing, and other clips of VGGSound for training; the boxes are in one JSON."""

    title = 'VGG-SS'
    releases = {
        'vggss_10k': 10_000, 'vggss_144k': 144_000, 'vggss_heard': 59_468, 'vggss': 5_158,
        'vggss_test': 5_158, 'vggss_heard_test': 2_564, 'vggss_unheard_test': 2_575,
    }  # fmt: skip

    def spelling(self, name: str) -> str:
        """Return ``<YouTube id>_<six digits>``, the lists' spelling, of a clip's name."""
        clip = parse_clip_name(name)
        return name if clip is None else str(clip)

    def file_names(self, clip_id: str) -> list[str]:
        """Return the id, and how it looks where files count in milliseconds."""
        clip = parse_clip_name(clip_id)
        if clip is None or not clip.start:
            return [clip_id]
        return [clip_id, str(ClipName(clip.video, 1000 * clip.start))]

    def read_boxes(
        self, tree: FileTree, ids: Sequence[str] | None
    ) -> tuple[dict[str, Boxes], dict[str, str]]:
        """Read the annotations, those of all clips.

        Raises:
            DataError: no such file, or another content.
        """
        try:
            rows = [(row['file'], row['bbox']) for row in json.loads(read_text(self.annotations))]
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f'{self.annotations} is not the list of boxes of VGG-SS ({error!r}). Expected '
                '[{"file": "<id>", "bbox": [[x1, y1, x2, y2], ...], ...}, ...].'
            ) from None
        boxes, faults = {}, {}
        for name, own in rows:
            fault = _fault(own)
            (faults if fault else boxes)[self.spelling(name)] = fault or own
        return boxes, faults


def _fault(boxes: Any) -> str:
    is_list = isinstance(boxes, list) and boxes and all(isinstance(b, list) for b in boxes)
    if is_list and all(len(b) == 4 and all(isinstance(x, int | float) for x in b) for b in boxes):
        return ''
    return f'expected boxes of four numbers, but got {json.dumps(boxes)[:100]}'
