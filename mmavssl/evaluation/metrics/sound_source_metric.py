"""The published protocol of sound source localization: Flickr-SoundNet and VGG-SS."""

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmavssl.evaluation.functional.localization import (
    BENCHMARK_SIZE,
    boxes_to_pixels,
    consensus_iou,
    flickr_ground_truth,
    points_into,
    success_auc,
    success_rate,
    top_pixels,
    upsample_maps,
    vggss_ground_truth,
)
from mmavssl.evaluation.metrics.broken_maps import warn_of_broken
from mmavssl.registry import METRICS
from mmavssl.structures.box_lists import frame_name, load_box_lists
from mmavssl.utils.errors import DataError

GROUND_TRUTHS = {1: vggss_ground_truth, 2: flickr_ground_truth}
FULL_FRAME = 1


@METRICS.register_module()
class SoundSourceMetric(BaseMetric):
    """Score the ``heatmap`` of one frame per sample as FNAC's and EZ-VSL's test code does.

    The map is interpolated to 224 x 224 (``align_corners=True``) and its upper half marked; the
    truth is the sum of the boxes' masks divided by ``consensus``, at most 1. The frame must have
    been scaled to a square as a whole (`BicubicResize`), as boxes are relative to all of it.

    Results, in percent: ``ciou`` (samples with cIoU of at least 0.5, what the papers call CIoU),
    ``auc`` (of that share over the thresholds 0, 0.05, ..., 1), ``mean_ciou``, and ``pointing``
    (the maximum lies in a box), which the papers do not have. A map that is not finite is a miss
    (cIoU 0, no pointing); the log says how many there were.

    Args:
        boxes_file: JSON file, boxes of each frame in shares of its sides (see `load_box_lists`).
        consensus: how many annotators must agree for a pixel to count in full: 2 for
            Flickr-SoundNet, 1 for VGG-SS.
        prefix: put before the names of the results.
        collect_device: ``cpu`` or ``gpu``, where results of several ranks are collected.

    Raises:
        ValueError: unknown ``consensus``.
        DataError: there is no such file.
    """

    default_prefix = 'localization'

    def __init__(
        self,
        boxes_file: str,
        consensus: int = 1,
        prefix: str | None = None,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device, prefix)
        if consensus not in GROUND_TRUTHS:
            raise ValueError(
                'Expected `consensus` to be 2 (Flickr-SoundNet) or 1 (VGG-SS), but got '
                f'{consensus!r}.'
            )
        self.boxes_file = boxes_file
        self.boxes = load_box_lists(boxes_file)
        self.ground_truth = GROUND_TRUTHS[consensus]

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Append ``(cIoU, whether the maximum is in a box, whether the map is not finite)``.

        Args:
            data_batch: not used.
            data_samples: with ``heatmap`` (1, 1, h, w), and ``video_path`` in their metainfo.

        Raises:
            DataError: one of these is missing or of another shape, or the file has no boxes of
                the frame.
        """
        for sample in data_samples:
            self.results.append(self._score(self._map_of(sample), self._boxes_of(sample)))

    def compute_metrics(self, results: list[tuple[float, bool, bool]]) -> dict[str, float]:
        """Return the numbers of all samples.

        Args:
            results: what `process` appended, of all ranks.

        Raises:
            DataError: there are none.
        """
        if not results:
            raise DataError(f'Expected test frames with boxes of {self.boxes_file}, but got none.')
        cious, hits, broken = zip(*results, strict=True)
        warn_of_broken(broken)
        return {
            'ciou': success_rate(cious),
            'auc': success_auc(cious),
            'mean_ciou': 100.0 * sum(cious) / len(cious),
            'pointing': 100.0 * sum(hits) / len(hits),
        }

    def _map_of(self, sample: dict) -> Tensor:
        heatmap = sample.get('heatmap')
        if heatmap is None or tuple(heatmap.shape[:2]) != (1, 1):
            found = 'none' if heatmap is None else f'one of shape {tuple(heatmap.shape)}'
            raise DataError(
                f'{sample.get("video_path", "A test sample")}: expected a heatmap (1, 1, h, w), '
                f'but got {found}. Test a `LocalizerTrainer` on one view of one frame '
                '(`SampleClip(clip_len=1)`, `BicubicResize`).'
            )
        return upsample_maps(heatmap[0].float().cpu(), BENCHMARK_SIZE)[0]

    def _boxes_of(self, sample: dict) -> Tensor:
        path = sample.get('video_path', '')
        if frame_name(path) not in self.boxes:
            raise DataError(
                f'{self.boxes_file} has no boxes of {frame_name(path)!r} ({path or "no path"}). '
                'Name the box file of the split that is tested.'
            )
        return self.boxes[frame_name(path)]

    def _score(self, heatmap: Tensor, boxes: Tensor) -> tuple[float, bool, bool]:
        truth = self.ground_truth(boxes_to_pixels(boxes, FULL_FRAME))
        ciou = consensus_iou(top_pixels(heatmap), truth)
        hit = any(points_into(heatmap, box) for box in boxes * BENCHMARK_SIZE)
        return ciou, hit, not heatmap.isfinite().all()
