"""Consistency of the student with pseudo labels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import LOSSES
from mmavssl.utils.ranges import check_range

KINDS = ('hard', 'soft', 'mse')


@LOSSES.register_module()
class ConsistencyLoss(nn.Module):
    """Loss of unlabeled clips against what the teacher says of them: ``sum_i weight_i * d_i / U``.

    The sum is divided by the batch size, not by the number of accepted samples. ``hard``:
    cross-entropy with the pseudo label (Eq. 2-4; FixMatch). ``soft``: cross-entropy with the
    teacher's probabilities, sharpened to ``q^(1/T) / sum`` (UDA). ``mse``: squared error of the
    probabilities, mean over classes (Mean Teacher).

    Args:
        kind: d, ``hard``, ``soft`` or ``mse``.
        temperature: T of ``soft`` and ``mse``, positive; 1 leaves probabilities as they are.

    Raises:
        ValueError: unknown ``kind``, ``temperature`` not positive, or one for ``hard``, where it
            has no effect.
    """

    def __init__(self, kind: str = 'hard', temperature: float = 1.0) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f'Expected `kind` to be one of {KINDS}, but got {kind!r}.')
        check_range('temperature', temperature, above=0)
        if kind == 'hard' and temperature != 1:
            raise ValueError(
                f"Expected no `temperature` for kind 'hard', whose labels it does not change, but "
                f'got {temperature!r}.'
            )
        self.kind = kind
        self.temperature = temperature

    def forward(self, logits: Tensor, probs: Tensor, pseudo: ThresholdResult) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            logits: (U, C) of the student.
            probs: (U, C) of the teacher.
            pseudo: their pseudo labels and weights.
        """
        if self.kind == 'hard':
            return consistency_loss(logits, pseudo.label, pseudo.weight)
        target = sharpen(full_precision(probs), self.temperature)
        if self.kind == 'soft':
            return consistency_loss(logits, target, pseudo.weight)
        difference = full_precision(logits).softmax(dim=-1) - target
        return (pseudo.weight * difference.square().mean(dim=-1)).mean()


def consistency_loss(logits: Tensor, label: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return ``sum_i weight_i * CE(logits_i, label_i) / U`` (Eq. 2-4).

    Args:
        logits: (U, C) of the student on strong views.
        label: (U,) pseudo labels, or (U, C) probabilities of the teacher.
        weight: (U,) of the threshold; None counts every sample (Eq. 2).
    """
    per_sample = F.cross_entropy(full_precision(logits), label, reduction='none')
    return per_sample.mean() if weight is None else (weight * per_sample).mean()


@torch.no_grad()
def sharpen(probs: Tensor, temperature: float) -> Tensor:
    """Return ``q^(1/T) / sum`` of probabilities (U, C), which T < 1 makes more certain."""
    powers = probs ** (1 / temperature)
    return powers / powers.sum(dim=-1, keepdim=True)
