"""How well localization maps find the sounding actor."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmavssl.evaluation.functional.localization import (
    box_masks,
    boxes_to_pixels,
    consensus_iou,
    mask_precision,
    points_into,
    success_auc,
    success_rate,
    top_pixels,
    upsample_maps,
)
from mmavssl.evaluation.metrics.broken_maps import warn_of_broken
from mmavssl.registry import METRICS
from mmavssl.structures.box_file import load_boxes
from mmavssl.structures.crop_boxes import box_area, boxes_in_crops
from mmavssl.utils.errors import DataError
from mmavssl.utils.ranges import check_counts

AREAS = ('box', 'half')
GEOMETRY = ('heatmap', 'frame_inds', 'crop_box')
MIN_VISIBLE = 0.5


@METRICS.register_module()
class LocalizationMetric(BaseMetric):
    """Score the ``heatmap`` of every view and frame against the box of the sounding actor.

    Results, in percent: ``pointing`` (the maximum lies in the box), ``box_share`` (mean share of
    the frame that the box takes: the ``pointing`` of a random guess), ``mean_ciou``, ``ap50``
    (cIoU of at least 0.5), ``auc`` and, where samples have a ``mask``, ``mask_precision`` (share
    of the kept tokens' area that lies in the box). Frames whose crop shows less than half of the
    box do not count. A map that is not finite is a miss (cIoU 0, no pointing); the log says how
    many there were.

    Args:
        boxes_file: npz file, an array (T, 4) of x1, y1, x2, y2 in pixels of the video for each
            frame, under the video's file name without ending; AVSprites has
            ``boxes_test.npz``.
        area: how many pixels of a map are marked for cIoU: as many as the ``box`` has, or
            ``half`` of all, the benchmarks' rule, which boxes of less than a quarter cannot pass.
        size: side of the square that maps are interpolated to.
        prefix: put before the names of the results.
        collect_device: ``cpu`` or ``gpu``, where results of several ranks are collected.

    Raises:
        ValueError: unknown ``area``.
        DataError: there is no such file.
    """

    default_prefix = 'localization'

    def __init__(
        self,
        boxes_file: str,
        area: str = 'box',
        size: int = 64,
        prefix: str | None = None,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device, prefix)
        if area not in AREAS:
            raise ValueError(f'Expected `area` to be one of {AREAS}, but got {area!r}.')
        check_counts(size=size)
        self.boxes_file = boxes_file
        self.boxes = load_boxes(boxes_file)
        self.area = area
        self.size = size

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Append the scores of the frames of each sample.

        Args:
            data_batch: not used.
            data_samples: with ``heatmap`` (V, T, h, w), maybe a bool ``mask`` (V, T, rows,
                columns), and in their metainfo ``video_path``, ``frame_inds`` (K, T) and
                ``crop_box`` (V, 4).

        Raises:
            DataError: one of these is missing, or the file has no boxes of the video.
        """
        for sample in data_samples:
            placed = boxes_in_crops(
                self._boxes_of(sample),
                sample['frame_inds'],
                sample['crop_box'],
                sample.get('flip', False),
            ).flatten(0, 1)
            boxes = placed.clamp(0, 1)
            visible = box_area(boxes) >= MIN_VISIBLE * box_area(placed)
            visible &= box_area(placed) > 0
            maps = upsample_maps(
                sample['heatmap'].float().cpu().flatten(0, 1), self.size, align_corners=False
            )
            precisions = precision_of(sample.get('mask'), boxes)
            scores = [
                (*self._score(maps[frame], boxes[frame]), precisions[frame].item())
                for frame in visible.nonzero().flatten()
            ]
            self.results.append(scores)

    def compute_metrics(self, results: list[list[tuple[float, ...]]]) -> dict[str, float]:
        """Return the means over all frames.

        Args:
            results: what `process` appended, of all ranks.

        Raises:
            DataError: no frame shows a box.
        """
        frames = [score for sample in results for score in sample]
        if not frames:
            raise DataError(
                f'Expected test frames that show a box of {self.boxes_file}, but there are none.'
            )
        hits, cious, shares, broken, precisions = np.array(frames, dtype=float).T
        warn_of_broken(broken)
        figures = {
            'pointing': 100.0 * float(hits.mean()),
            'box_share': 100.0 * float(shares.mean()),
            'mean_ciou': 100.0 * float(cious.mean()),
            'ap50': success_rate(cious),
            'auc': success_auc(cious),
        }
        if not np.isnan(precisions).all():
            figures['mask_precision'] = 100.0 * float(np.nanmean(precisions))
        return figures

    def _boxes_of(self, sample: dict) -> np.ndarray:
        missing = [name for name in (*GEOMETRY, 'video_path') if name not in sample]
        if missing:
            raise DataError(
                f'{sample.get("video_path", "A test sample")} has no {", ".join(missing)}. Test '
                'a `LocalizerTrainer`, with a pipeline that crops (`CenterCrop`, `ThreeCrop`) and '
                'packs (`PackAVInputs`).'
            )
        name = Path(sample['video_path']).stem
        if name not in self.boxes:
            raise DataError(
                f'{self.boxes_file} has no boxes of {name!r} ({sample["video_path"]}). Name the '
                'box file of the split that is tested.'
            )
        return self.boxes[name]

    def _score(self, heatmap: Tensor, box: Tensor) -> tuple[bool, float, float, bool]:
        truth = box_masks(boxes_to_pixels(box[None], 1, self.size), self.size)[0]
        count = int(truth.sum()) if self.area == 'box' else None
        ciou = consensus_iou(top_pixels(heatmap, count), truth)
        share = ((box[2] - box[0]) * (box[3] - box[1])).item()
        broken = not heatmap.isfinite().all()
        return points_into(heatmap, box * self.size), ciou, share, broken


def precision_of(mask: Tensor | None, boxes: Tensor) -> Tensor:
    """Return the share of each frame's kept tokens that lies in its box, nan without a mask.

    Args:
        mask: bool (V, T, rows, columns), or None.
        boxes: (V * T, 4) in shares of the frame's sides.
    """
    if mask is None:
        return boxes.new_full((len(boxes),), torch.nan)
    return mask_precision(mask.cpu().flatten(2).flatten(0, 1), boxes, tuple(mask.shape[2:]))
