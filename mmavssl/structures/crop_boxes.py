"""Boxes in crops of frames, and in cells of a grid on them."""

import numpy as np
import torch
from torch import Tensor


def boxes_in_crops(
    boxes: np.ndarray, frame_inds: np.ndarray, crop_box: np.ndarray, flip: bool = False
) -> Tensor:
    """Place a video's boxes in the crops that a network sees.

    Args:
        boxes: (frames of the video, 4), x1, y1, x2, y2 in pixels of the video.
        frame_inds: (K, T), which frames each clip has.
        crop_box: (V, 4) in pixels of the video; V a multiple of K, the crops of one clip in a row.
        flip: whether the crops are mirrored.

    Returns:
        (V, T, 4), float64, in shares of the crop's sides; beyond [0, 1] where the crop cuts.
    """
    crops = torch.as_tensor(np.asarray(crop_box)).double()
    inds = np.asarray(frame_inds)
    inds = inds.repeat(len(crops) // len(inds), axis=0)
    placed = torch.from_numpy(boxes[inds]).double()
    origin, side = crops[:, None, :2], crops[:, None, 2:] - crops[:, None, :2]
    placed = (placed - origin.repeat(1, 1, 2)) / side.repeat(1, 1, 2)
    if not flip:
        return placed
    x1, y1, x2, y2 = placed.unbind(-1)
    return torch.stack([1 - x2, y1, 1 - x1, y2], dim=-1)


def box_area(boxes: Tensor) -> Tensor:
    """Return the areas of boxes (..., 4)."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def cell_coverage(boxes: Tensor, grid: tuple[int, int]) -> Tensor:
    """Return how much of each cell of a grid a box covers.

    Args:
        boxes: (..., 4), x1, y1, x2, y2 in shares of the frame's sides.
        grid: rows h and columns w.

    Returns:
        (..., h, w) in [0, 1], float64.

    >>> cell_coverage(torch.tensor([0.0, 0.0, 0.5, 0.25]), (2, 2))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]], dtype=torch.float64)
    """
    rows = interval_overlap(boxes[..., 1], boxes[..., 3], grid[0])
    columns = interval_overlap(boxes[..., 0], boxes[..., 2], grid[1])
    return rows[..., :, None] * columns[..., None, :]


def interval_overlap(low: Tensor, high: Tensor, count: int) -> Tensor:
    """Return the share of each of ``count`` equal parts of [0, 1] that [low, high] covers.

    Args:
        low: (...).
        high: (...).
        count: number of parts.

    Returns:
        (..., count) in [0, 1], float64.
    """
    edges = torch.arange(count + 1, dtype=torch.double, device=low.device) / count
    covered = torch.minimum(high.double()[..., None], edges[1:]) - torch.maximum(
        low.double()[..., None], edges[:-1]
    )
    return covered.clamp(min=0) * count
