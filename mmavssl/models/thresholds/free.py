"""FreeMatch's self-adaptive thresholds and its fairness loss."""

import torch
from torch import Tensor

from mmavssl.models.thresholds.base import (
    ThresholdResult,
    check_share,
    class_histogram,
    select,
)
from mmavssl.models.thresholds.prediction_average import PredictionAverage
from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import THRESHOLDS
from mmavssl.utils.distributed import gather, gather_with_grad

LOG_FLOOR = 1e-12


@THRESHOLDS.register_module()
class FreeThreshold(PredictionAverage):
    """Self-adaptive thresholds of FreeMatch (Wang et al., 2023): T(c) = t p(c) / max p.

    ``t`` is the moving average of the teacher's confidence, ``p`` that of its probabilities and
    ``histogram`` that of the shares of its labels; all start at 1/C. There is no τ.

    The fairness loss moves the classes of the strong views' mean prediction away from those that
    the teacher prefers. It is negative, and its minimum is the entropy that the paper maximizes.

    Args:
        decay: of the moving averages, in [0, 1].
        fairness_weight: w_f, at least 0; 0 turns the fairness loss off.
        quantile: follow this quantile of the confidences instead of their mean, in [0, 1].
        clip: least and greatest t, in [0, 1], or None.

    Raises:
        ValueError: an argument out of its range.
    """

    sized = ('histogram', 'mean_probs')
    confidence: Tensor
    histogram: Tensor

    def __init__(
        self,
        decay: float = 0.999,
        fairness_weight: float = 0.001,
        quantile: float | None = None,
        clip: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(decay)
        if fairness_weight < 0:
            raise ValueError(
                f'Expected `fairness_weight` to be at least 0, but got {fairness_weight!r}.'
            )
        self.fairness_weight = fairness_weight
        self.quantile = None if quantile is None else check_share('quantile', quantile)
        if clip is not None and not 0 <= clip[0] <= clip[1] <= 1:
            raise ValueError(f'Expected 0 <= `clip[0]` <= `clip[1]` <= 1, but got {clip!r}.')
        self.clip = clip
        self.register_buffer('confidence', torch.zeros(()))
        self.register_buffer('histogram', torch.empty(0))

    def reset(self, num_classes: int) -> None:
        """Begin with 1/C everywhere."""
        super().reset(num_classes)
        self.confidence.fill_(1 / num_classes)
        self.histogram = self.mean_probs.clone()

    def class_thresholds(self) -> Tensor:
        """Return T (C,)."""
        return self.confidence * self.mean_probs / self.mean_probs.max()

    @torch.no_grad()
    def forward(self, probs: Tensor, sample_idx: Tensor | None = None) -> ThresholdResult:
        """Return pseudo labels and weights by the state; arguments as in `BaseThreshold`.

        Raises:
            RuntimeError: not set up.
            ValueError: another number of classes.
        """
        self.check(probs)
        return select(probs, self.class_thresholds())

    @torch.no_grad()
    def update(self, probs: Tensor, sample_idx: Tensor | None = None) -> None:
        """Follow the predictions (U_all, C) of all ranks; ``sample_idx`` is not used.

        Raises:
            RuntimeError: not set up.
            ValueError: another number of classes.
        """
        self.check(probs)
        probs = probs.float()
        conf, label = probs.max(dim=-1)
        level = conf.mean() if self.quantile is None else conf.quantile(self.quantile)
        shares = class_histogram(label, probs.shape[-1]) / len(label)
        self.follow(self.confidence, level)
        self.follow(self.mean_probs, probs.mean(dim=0))
        self.follow(self.histogram, shares)
        if self.clip:
            self.confidence.clamp_(*self.clip)

    def aux_loss(self, logits: Tensor, weight: Tensor) -> Tensor | None:
        """Return w_f times the fairness loss of the strong views that passed; 0 if none did.

        It is one of all ranks together and the same on each: it is no mean over clips, so that the
        mean over ranks of their own ones would be another loss.

        Args:
            logits: (U, C) of the student on strong views.
            weight: (U,) as `forward` gave it.
        """
        if not self.fairness_weight:
            return None
        passed = gather((weight > 0).float())
        probs = gather_with_grad(full_precision(logits).softmax(dim=-1))
        count = passed.sum().clamp(min=1)
        mean = (passed[:, None] * probs).sum(dim=0) / count
        labels = torch.zeros_like(probs).scatter_(-1, probs.argmax(dim=-1, keepdim=True), 1.0)
        shares = (passed[:, None] * labels).sum(dim=0) / count
        target = normalized_ratio(self.mean_probs, self.histogram)
        fairness = (target * (normalized_ratio(mean, shares) + LOG_FLOOR).log()).sum()
        return self.fairness_weight * fairness * (passed.sum() > 0)

    def log_vars(self) -> dict[str, Tensor]:
        """Return ``thr_min``, ``thr_mean`` and ``thr_max`` over classes."""
        if not self.is_set_up:
            return {}
        thresholds = self.class_thresholds()
        return {
            'thr_min': thresholds.min(),
            'thr_mean': thresholds.mean(),
            'thr_max': thresholds.max(),
        }


def normalized_ratio(values: Tensor, counts: Tensor) -> Tensor:
    """Return ``values / counts``, 0 where nothing was counted, scaled to a sum of 1.

    >>> normalized_ratio(torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.5, 0.1, 0.0]))
    tensor([0.2500, 0.7500, 0.0000])
    """
    ratio = torch.where(counts > 0, values / counts.clamp(min=LOG_FLOOR), 0.0)
    return ratio / ratio.sum().clamp(min=LOG_FLOOR)
