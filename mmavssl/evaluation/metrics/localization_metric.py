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
    points_into,
    success_auc,
    success_rate,
    top_pixels,
    upsample_maps,
)
from mmavssl.registry import METRICS
from mmavssl.structures.box_file import load_boxes
from mmavssl.utils.errors import DataError

AREAS = ('box', 'half')
GEOMETRY = ('heatmap', 'frame_inds', 'crop_box')
MIN_VISIBLE = 0.5


@METRICS.register_module()
class LocalizationMetric(BaseMetric):
    """Score the ``heatmap`` of every view and frame against the box of the sounding actor.

    Results, in percent: ``pointing`` (the maximum lies in the box), ``box_share`` (mean share of
    the frame that the box takes: the ``pointing`` of a random guess), ``mean_ciou``, ``ap50``
    (cIoU of at least 0.5) and ``auc``. Frames whose crop shows less than half of the box do not
    count.

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
        self.boxes_file = boxes_file
        self.boxes = load_boxes(boxes_file)
        self.area = area
        self.size = size

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Append ``(hits, cious, box shares)`` of the frames of each sample.

        Args:
            data_batch: not used.
            data_samples: with ``heatmap`` (V, T, h, w), and in their metainfo ``video_path``,
                ``frame_inds`` (K, T) and ``crop_box`` (V, 4).

        Raises:
            DataError: one of these is missing, or the file has no boxes of the video.
        """
        for sample in data_samples:
            boxes, visible = view_boxes(sample, self._boxes_of(sample))
            maps = upsample_maps(
                sample['heatmap'].float().cpu().flatten(0, 1), self.size, align_corners=False
            )
            scores = [
                self._score(heatmap, box)
                for heatmap, box in zip(maps[visible], boxes[visible], strict=True)
            ]
            self.results.append(scores)

    def compute_metrics(self, results: list[list[tuple[bool, float, float]]]) -> dict[str, float]:
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
        hits, cious, shares = np.array(frames, dtype=float).T
        return {
            'pointing': 100.0 * float(hits.mean()),
            'box_share': 100.0 * float(shares.mean()),
            'mean_ciou': 100.0 * float(cious.mean()),
            'ap50': success_rate(cious),
            'auc': success_auc(cious),
        }

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

    def _score(self, heatmap: Tensor, box: Tensor) -> tuple[bool, float, float]:
        truth = box_masks(boxes_to_pixels(box[None], 1, self.size), self.size)[0]
        count = int(truth.sum()) if self.area == 'box' else None
        ciou = consensus_iou(top_pixels(heatmap, count), truth)
        share = ((box[2] - box[0]) * (box[3] - box[1])).item()
        return points_into(heatmap, box * self.size), ciou, share


def view_boxes(sample: dict, boxes: np.ndarray) -> tuple[Tensor, Tensor]:
    """Place a video's boxes in the crops that the network saw.

    Args:
        sample: with ``frame_inds`` (K, T), ``crop_box`` (V, 4), V a multiple of K with the crops
            of one clip in a row, and maybe ``flip``.
        boxes: (frames of the video, 4) in pixels of the video.

    Returns:
        Boxes (V * T, 4) in shares of the crop's sides, cut off at its border, and a bool (V * T,)
        that tells where enough of a box is left.
    """
    crops = torch.as_tensor(np.asarray(sample['crop_box'])).double()
    inds = np.asarray(sample['frame_inds'])
    inds = inds.repeat(len(crops) // len(inds), axis=0)
    placed = torch.from_numpy(boxes[inds]).double()
    origin, side = crops[:, None, :2], crops[:, None, 2:] - crops[:, None, :2]
    placed = (placed - origin.repeat(1, 1, 2)) / side.repeat(1, 1, 2)
    if sample.get('flip', False):
        placed = torch.stack(
            [1 - placed[..., 2], placed[..., 1], 1 - placed[..., 0], placed[..., 3]], dim=-1
        )
    cut = placed.clamp(0, 1)
    visible = box_area(cut) >= MIN_VISIBLE * box_area(placed)
    return cut.flatten(0, 1), (visible & (box_area(placed) > 0)).flatten()


def box_area(boxes: Tensor) -> Tensor:
    """Return the areas of boxes (..., 4)."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
