"""How many pseudo labels of each class there are, over iterations and processes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.models.thresholds.pair import ThresholdPair


class LabelCounts(NamedTuple):
    """Pseudo labels by their class, (C,) each.

    Attributes:
        given: all of them.
        passed: those that count.
        known: those of them whose clip has a hidden label.
        right: those of them that agree with it.
    """

    given: Tensor
    passed: Tensor
    known: Tensor
    right: Tensor


class PseudoLabelCounts:
    """Count pseudo labels where they are, without waiting for a GPU.

    Args:
        num_classes: C.
        device: of the pseudo labels.
    """

    def __init__(self, num_classes: int, device: torch.device) -> None:
        self.counts = torch.zeros(
            len(LabelCounts._fields), num_classes, dtype=torch.long, device=device
        )

    def add(self, result: ThresholdResult, hidden: Sequence[int]) -> None:
        """Count the pseudo labels of an iteration, of this process.

        Args:
            result: of the threshold, for U clips.
            hidden: true class of each clip, -1 if unknown; of another length, all are unknown.
        """
        if len(hidden) != len(result.label):
            hidden = [-1] * len(result.label)
        truth = torch.tensor(hidden).to(result.label.device, non_blocking=True)
        passed = result.weight > 0
        known = passed & (truth >= 0)
        kinds = (torch.ones_like(passed), passed, known, known & (truth == result.label))
        for row, kind in zip(self.counts, kinds, strict=True):
            row.scatter_add_(0, result.label, kind.to(row))

    def take(self) -> LabelCounts:
        """Return the sums over all processes, each of which calls this, and begin anew."""
        counts = self.counts.clone()
        self.counts.zero_()
        all_reduce(counts)
        return LabelCounts(*counts)


def thresholds_of(model: nn.Module) -> dict[str, nn.Module]:
    """Return the thresholds of an algorithm by the names of its networks; of one, without name."""
    threshold = getattr(model, 'threshold', None)
    if isinstance(threshold, ThresholdPair):
        return dict(threshold.of.items())
    return {'': threshold} if isinstance(threshold, nn.Module) else {}


def hidden_labels(data_batch: Any) -> list[int]:
    """Return the hidden label of each unlabeled clip, -1 if unknown; none of other batches."""
    samples = data_batch.get('data_samples') if isinstance(data_batch, Mapping) else None
    unlabeled = samples.get('unlabeled', ()) if isinstance(samples, Mapping) else ()
    return [sample.get('gt_for_log', -1) for sample in unlabeled]
