"""SoftMatch's weights."""

import torch
from torch import Tensor

from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.models.thresholds.prediction_average import PredictionAverage
from mmavssl.registry import THRESHOLDS

ALIGNMENT_FLOOR = 1e-6
VARIANCE_FLOOR = 1e-12


@THRESHOLDS.register_module()
class SoftThreshold(PredictionAverage):
    """Truncated Gaussian weights of SoftMatch (Chen et al., 2023).

    ``w = exp(-min(c - μ, 0)² n² / (2 σ²))``: a confidence c above the average μ counts in full,
    one below it the less, the further it is off. μ and σ² are moving averages of mean and unbiased
    variance of the teacher's confidences, and start at 1/C and 1.

    Args:
        decay: of the moving averages, in [0, 1].
        num_sigmas: n, positive.
        align: weight by probabilities that are aligned to a uniform distribution over classes, as
            the paper does; labels are those of the unaligned ones. The average that is aligned
            starts from the first iteration's. Only for balanced pools.

    Raises:
        ValueError: an argument out of its range.
    """

    mean: Tensor
    variance: Tensor
    has_begun: Tensor

    def __init__(self, decay: float = 0.999, num_sigmas: float = 2.0, align: bool = False) -> None:
        super().__init__(decay)
        if not num_sigmas > 0:
            raise ValueError(f'Expected `num_sigmas` to be positive, but got {num_sigmas!r}.')
        self.num_sigmas = num_sigmas
        self.align = align
        self.register_buffer('mean', torch.zeros(()))
        self.register_buffer('variance', torch.ones(()))
        self.register_buffer('has_begun', torch.zeros((), dtype=torch.bool))

    def reset(self, num_classes: int) -> None:
        """Begin with a mean of 1/C and a variance of 1."""
        super().reset(num_classes)
        self.mean.fill_(1 / num_classes)
        self.variance.fill_(1)
        self.has_begun.fill_(False)

    @torch.no_grad()
    def forward(self, probs: Tensor, sample_idx: Tensor | None = None) -> ThresholdResult:
        """Return pseudo labels and weights in (0, 1] by the state; ``thr`` is the mean.

        Raises:
            RuntimeError: not set up.
            ValueError: another number of classes.
        """
        self.check(probs)
        conf, label = probs.detach().float().max(dim=-1)
        aligned = self.aligned(probs).max(dim=-1).values if self.align else conf
        below = (aligned - self.mean).clamp(max=0)
        variance = self.variance.clamp(min=VARIANCE_FLOOR)
        weight = torch.exp(-(below**2) * self.num_sigmas**2 / (2 * variance))
        return ThresholdResult(weight, label, conf, self.mean.expand_as(conf))

    @torch.no_grad()
    def update(self, probs: Tensor, sample_idx: Tensor | None = None) -> None:
        """Follow the predictions (U_all, C) of all ranks; ``sample_idx`` is not used.

        Raises:
            RuntimeError: not set up.
            ValueError: another number of classes.
        """
        self.check(probs)
        batch_mean = probs.float().mean(dim=0)
        self.mean_probs.copy_(torch.where(self.has_begun, self.mean_probs, batch_mean))
        self.has_begun.fill_(True)
        self.follow(self.mean_probs, batch_mean)
        conf = probs.float().max(dim=-1).values
        self.follow(self.mean, conf.mean())
        if len(conf) > 1:  # one number has no variance
            self.follow(self.variance, conf.var())

    def aligned(self, probs: Tensor) -> Tensor:
        """Return probabilities (U, C) whose average over what was seen is uniform."""
        uniform = 1 / probs.shape[-1]
        factor = (uniform + ALIGNMENT_FLOOR) / (self.mean_probs + ALIGNMENT_FLOOR)
        aligned = probs.float() * factor
        return aligned / aligned.sum(dim=-1, keepdim=True)

    def log_vars(self) -> dict[str, Tensor]:
        """Return ``conf_mean`` and ``conf_std``."""
        if not self.is_set_up:
            return {}
        return {'conf_mean': self.mean, 'conf_std': self.variance.sqrt()}
