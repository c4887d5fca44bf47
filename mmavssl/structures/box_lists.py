"""Ground-truth boxes of frames whose sounding objects people have marked: one JSON file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from torch import Tensor

from mmavssl.utils.errors import DataError


def frame_name(path: str) -> str:
    """Return the name under which the boxes of a frame or video stand.

    >>> frame_name('frames/10000130166.jpg'), frame_name('frames/10000130166')
    ('10000130166', '10000130166')
    """
    return PurePosixPath(path).stem


def format_box_lists(boxes: Mapping[str, Sequence[Sequence[float]]]) -> str:
    r"""Return the text of a box file, a frame in each line.

    Args:
        boxes: by the names of frames; x1, y1, x2, y2 in shares of the frame's sides.

    >>> format_box_lists({'b': [[0, 0.5, 1, 1]], 'a': [[0, 0, 1, 1]]})
    '{\n"a": [[0, 0, 1, 1]],\n"b": [[0, 0.5, 1, 1]]\n}\n'
    """
    rows = [f'{json.dumps(name)}: {json.dumps(boxes[name])}' for name in sorted(boxes)]
    return '{\n' + ',\n'.join(rows) + '\n}\n'


def load_box_lists(path: str | Path) -> dict[str, Tensor]:
    """Read the boxes of a test set.

    Args:
        path: ``boxes_test.json``.

    Returns:
        (N, 4) float64 for each frame, N at least 1: one box for each annotator (Flickr-SoundNet)
        or object (VGG-SS). They may be empty or reach beyond [0, 1], as in the releases.

    Raises:
        DataError: no such file, or another content.
    """
    if not Path(path).is_file():
        raise DataError(
            f'There is no box file {path}. tools/data/prepare_flickr_soundnet.py and '
            'prepare_vggss.py write boxes_test.json next to the manifests.'
        )
    try:
        content = json.loads(Path(path).read_text('utf-8'))
        return {name: _tensor(rows) for name, rows in content.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f'{path} is no box file ({error}). Expected {{"name": [[x1, y1, x2, y2], ...], ...}}.'
        ) from None


def _tensor(rows: Any) -> Tensor:
    boxes = torch.tensor(rows, dtype=torch.double)
    if boxes.dim() != 2 or boxes.shape[1] != 4 or not len(boxes) or not boxes.isfinite().all():
        raise ValueError(f'got the boxes {rows!r}')
    return boxes
