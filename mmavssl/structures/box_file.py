"""Ground-truth boxes of a split: one file, one array per clip."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmavssl.utils.errors import DataError


def save_boxes(path: str | Path, boxes: Mapping[str, np.ndarray]) -> None:
    """Write the boxes (T, 4) of every clip to an ``.npz`` file, under the clips' names."""
    np.savez_compressed(path, **{name: array.astype(np.float32) for name, array in boxes.items()})


def load_boxes(path: str | Path) -> dict[str, np.ndarray]:
    """Read the boxes of the sounding actor.

    Args:
        path: ``boxes_train.npz`` or ``boxes_test.npz``.

    Returns:
        (T, 4) float32 for each clip name (the file name of the video without its ending):
        x1, y1, x2, y2 in pixels of the file's frames, clipped to the frame; pixel i spans
        [i, i + 1].

    Raises:
        DataError: there is no such file.
    """
    if not Path(path).is_file():
        raise DataError(
            f'There is no box file {path}. tools/data/make_avsprites.py writes boxes_train.npz '
            f'and boxes_test.npz next to the manifests.'
        )
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}
