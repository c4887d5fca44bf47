"""What algorithms with pseudo labels share: a threshold, and supervised training at first."""

import torch
from mmengine.logging import MessageHub
from torch import Tensor, nn

from mmavssl.models.algorithms.base import RecognitionAlgorithm
from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.models.thresholds.observe import observe
from mmavssl.registry import THRESHOLDS
from mmavssl.structures import AVDataSample
from mmavssl.utils.ranges import check_range


class PseudoLabelAlgorithm(RecognitionAlgorithm):
    """Base of the algorithms whose unlabeled clips get labels from a network.

    Args:
        threshold: config of the confidence threshold; `ThresholdUpdateHook` updates its state.
        warmup_epochs: epochs of supervised training before the unlabeled clips come in.
        kwargs: those of `RecognitionAlgorithm`.

    Attributes:
        used_pseudo_labels: those of the last iteration, by the name of the network that they teach
            ('' of one), with the weights that its losses have used; `SSLVisualizationHook` counts
            them.

    Raises:
        ValueError: ``warmup_epochs`` below 0.
    """

    def __init__(
        self, threshold: dict | nn.Module, warmup_epochs: int = 0, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        self.threshold = THRESHOLDS.build(threshold)
        self.warmup_epochs = check_range('warmup_epochs', warmup_epochs, 0)
        self.pending_threshold_update: tuple[Tensor, Tensor] | None = None
        self.used_pseudo_labels: dict[str, ThresholdResult] = {}

    @property
    def epoch(self) -> int:
        """Number of the epoch, from 0 on, as the Runner says."""
        return MessageHub.get_current_instance().get_info('epoch', 0)

    @property
    def in_warmup(self) -> bool:
        """Whether this epoch still trains on labeled clips alone."""
        return self.epoch < self.warmup_epochs

    def pseudo_labels(self, probs: Tensor, samples: list[AVDataSample]) -> ThresholdResult:
        """Return labels and weights of unlabeled clips, and see to the threshold's state.

        Args:
            probs: (U, C), without gradient.
            samples: U samples, whose ``sample_idx`` is their place in the unlabeled pool.
        """
        sample_idx = torch.tensor([sample.sample_idx for sample in samples])
        sample_idx = sample_idx.to(probs.device, non_blocking=True)
        if self.threshold.update_first:
            observe(self.threshold, probs, sample_idx)
        else:
            self.pending_threshold_update = (probs, sample_idx)
        result = self.threshold(probs, sample_idx)
        self.used_pseudo_labels = {'': result}
        return result


def pseudo_label_log(
    weight: Tensor, label: Tensor, samples: list[AVDataSample]
) -> dict[str, Tensor]:
    """Return how many of this rank's pseudo labels count and, where known, how many are right.

    Args:
        weight: (U,) of the threshold.
        label: (U,) pseudo labels.
        samples: U samples.

    Returns:
        ``pass_rate``: share of unlabeled clips with non-zero weight; ``pseudo_label_acc``: share
        of right labels among those that pass (percent; 0 where none passes).
    """
    passed = weight > 0
    log = {'pass_rate': passed.float().mean()}
    hidden = [sample.get('gt_for_log', -1) for sample in samples]
    if min(hidden) >= 0:
        hidden = torch.tensor(hidden).to(label.device, non_blocking=True)
        right = (label == hidden) & passed
        log['pseudo_label_acc'] = 100.0 * right.sum() / passed.sum().clamp(min=1)
    return log
