"""One threshold for all classes."""

import torch
from torch import Tensor

from mmavssl.models.thresholds.base import (
    BaseThreshold,
    ThresholdResult,
    check_share,
    select,
)
from mmavssl.registry import THRESHOLDS


@THRESHOLDS.register_module()
class FixedThreshold(BaseThreshold):
    """FixMatch's threshold (Eq. 3), also SVFormer's: weight 1 where ``max q >= threshold``.

    Args:
        threshold: τ in [0, 1].
    """

    def __init__(self, threshold: float = 0.3) -> None:
        super().__init__()
        self.threshold = check_share('threshold', threshold)

    @torch.no_grad()
    def forward(self, probs: Tensor, sample_idx: Tensor | None = None) -> ThresholdResult:
        """Return pseudo labels and weights; ``sample_idx`` is not used."""
        thresholds = torch.full((probs.shape[-1],), self.threshold, device=probs.device)
        return select(probs, thresholds)
