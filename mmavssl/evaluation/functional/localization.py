"""Accuracy of localization maps against boxes (cIoU, AP50, AUC), and of masks drawn from them.

Maps and boxes share one square of ``size`` x ``size`` pixels; boxes are x1, y1, x2, y2.

A map with any value that is not finite (NaN, infinite) is a miss: it marks no pixel and points
nowhere, whatever its other values are.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmavssl.structures.crop_boxes import cell_coverage

BENCHMARK_SIZE = 224
FLICKR_CONSENSUS = 2
NUM_AUC_STEPS = 20
PEAK_TOLERANCE = 1e-6


def upsample_maps(maps: Tensor, size: int, align_corners: bool = True) -> Tensor:
    """Interpolate maps (N, h, w) bilinearly to (N, size, size), each scaled to [0, 1].

    Args:
        maps: any real range; a constant map is left as it is, one that is not finite becomes NaN
            everywhere.
        size: side of the result.
        align_corners: True as in the test code of FNAC and EZ-VSL; False keeps a cell of the map
            on the pixels it comes from, as the maskers do.
    """
    varies = (maps.amax((1, 2)) > maps.amin((1, 2)))[:, None, None]
    fine = F.interpolate(
        maps[:, None], (size, size), mode='bilinear', align_corners=align_corners
    ).squeeze(1)
    low, high = fine.amin((1, 2), keepdim=True), fine.amax((1, 2), keepdim=True)
    constant = maps[:, :1, :1].expand_as(fine)
    scaled = torch.where(varies, (fine - low) / torch.where(varies, high - low, 1), constant)
    finite = maps.isfinite().all(dim=2).all(dim=1)[:, None, None]
    return torch.where(finite, scaled, torch.nan)


def boxes_to_pixels(boxes: Tensor, frame_size: float, size: int = BENCHMARK_SIZE) -> Tensor:
    """Scale boxes (..., 4) of a square frame to whole pixels, rounded down.

    Flickr-SoundNet's annotations have ``frame_size`` 256, VGG-SS's 1.
    """
    return (boxes.double().div(frame_size).clamp(0, 1) * size).long()


def box_masks(boxes: Tensor, size: int = BENCHMARK_SIZE) -> Tensor:
    """Return 0/1 masks (N, size, size) of boxes (N, 4) in whole pixels, x2 and y2 exclusive."""
    pixel = torch.arange(size)
    x1, y1, x2, y2 = boxes[:, :, None].unbind(1)
    columns, rows = (pixel >= x1) & (pixel < x2), (pixel >= y1) & (pixel < y2)
    return (rows[:, :, None] & columns[:, None, :]).double()


def flickr_ground_truth(boxes: Tensor, size: int = BENCHMARK_SIZE) -> Tensor:
    """Return the consensus (size, size) of the annotators' boxes (N, 4): 0, 0.5 or 1.

    A pixel counts in full where at least two annotators agree.
    """
    return (box_masks(boxes, size).sum(dim=0) / FLICKR_CONSENSUS).clamp(max=1)


def vggss_ground_truth(boxes: Tensor, size: int = BENCHMARK_SIZE) -> Tensor:
    """Return the union (size, size) of boxes (N, 4)."""
    return box_masks(boxes, size).amax(dim=0)


def top_pixels(heatmap: Tensor, count: int | None = None) -> Tensor:
    """Mark the ``count`` highest pixels of a map (H, W), and those equal to the last of them.

    Args:
        heatmap: real-valued; one that is not finite marks nothing.
        count: at least 1; None: half of the pixels, the rule of the benchmarks.
    """
    if not heatmap.isfinite().all():
        return torch.zeros_like(heatmap, dtype=torch.bool)
    total = heatmap.numel()
    count = total - total // 2 if count is None else min(max(count, 1), total)
    return heatmap >= heatmap.flatten().sort().values[total - count]


def consensus_iou(predicted: Tensor, ground_truth: Tensor) -> float:
    """Return cIoU: agreement weighted by consensus, over the truth and what is marked outside.

    Args:
        predicted: bool (H, W).
        ground_truth: (H, W) in [0, 1].

    Returns:
        In [0, 1]; 0 where there is no truth and nothing is marked.

    >>> truth = torch.tensor([[1.0, 0.5], [0.0, 0.0]])
    >>> consensus_iou(torch.tensor([[True, False], [True, False]]), truth)
    0.4
    """
    truth = ground_truth.double()
    agreed = (predicted * truth).sum()
    outside = (predicted & (truth == 0)).sum()
    return (agreed / (truth.sum() + outside)).nan_to_num().item()


def success_rate(cious: Sequence[float], threshold: float = 0.5) -> float:
    """Return the percentage of samples with cIoU of at least ``threshold``; 0.5 gives AP50.

    AP50 is what papers report as "cIoU".
    """
    return 100.0 * float(np.mean(np.asarray(cious) >= threshold))


def success_auc(cious: Sequence[float]) -> float:
    """Return the area under the success rate over thresholds 0, 0.05, ..., 1, in percent."""
    rates = [success_rate(cious, 0.05 * step) for step in range(NUM_AUC_STEPS + 1)]
    return (sum(rates) - (rates[0] + rates[-1]) / 2) / NUM_AUC_STEPS


def peak_position(heatmap: Tensor) -> tuple[float, float]:
    """Return x and y of a finite map's maximum in pixels, pixel i spanning [i, i + 1].

    Interpolation repeats the values at the border; of equal maxima the mean position is taken.

    >>> peak_position(torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]))
    (2.5, 1.0)
    """
    slack = PEAK_TOLERANCE * (heatmap.max() - heatmap.min())
    rows, columns = torch.where(heatmap >= heatmap.max() - slack)
    return columns.double().mean().item() + 0.5, rows.double().mean().item() + 0.5


def points_into(heatmap: Tensor, box: Tensor) -> bool:
    """Return whether the maximum of a map (H, W) lies in a box (4,) of its pixels.

    That of a map that is not finite lies nowhere.
    """
    if not heatmap.isfinite().all():
        return False
    x, y = peak_position(heatmap)
    x1, y1, x2, y2 = box.tolist()
    return x1 <= x <= x2 and y1 <= y <= y2


def mask_precision(mask: Tensor, boxes: Tensor, grid: tuple[int, int]) -> Tensor:
    """Return how much of the kept tokens' area lies in the box, per frame.

    A uniform mask gives, on average, the box's share of the frame.

    Args:
        mask: bool (T, h * w), True = token kept.
        boxes: (T, 4), in shares of the frame's sides.
        grid: h and w.

    Returns:
        (T,) in [0, 1]; nan where a frame keeps no token.

    >>> mask = torch.tensor([[True, True, False, False]])
    >>> mask_precision(mask, torch.tensor([[0.0, 0.0, 0.5, 0.25]]), (2, 2))
    tensor([0.2500], dtype=torch.float64)
    """
    inside = cell_coverage(boxes, grid).flatten(1)
    return (inside * mask).sum(dim=1) / mask.sum(dim=1)
