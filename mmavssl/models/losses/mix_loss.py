"""Loss on mixed clips against mixed pseudo labels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import LOSSES

KINDS = ('mse_logit', 'mse_prob', 'ce')
GATES = ('convex', 'none', 'both')


@LOSSES.register_module()
class MixLoss(nn.Module):
    """Consistency of mixed clips (Eq. 10): ``sum_i weight_i * d(S(x_m), y_m)_i / U``.

    ``y_m = λ y_1 + (1 - λ) y_2``, where y of a clip is the one-hot pseudo label if it passed the
    threshold (h = 1) and the teacher's probabilities if not, as in SVFormer's code. No gradient
    reaches the targets.

    Args:
        kind: d, ``mse_logit``: squared error of the raw logits, mean over classes (SVFormer's
            code); ``mse_prob``: the same of the probabilities; ``ce``: cross-entropy.
        gate: weight of a mixed clip, ``convex``: λ h_1 + (1 - λ) h_2 (SVFormer's code); ``both``:
            h_1 h_2; ``none``: 1.

    Raises:
        ValueError: unknown ``kind`` or ``gate``.
    """

    def __init__(self, kind: str = 'mse_logit', gate: str = 'convex') -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f'Expected `kind` to be one of {KINDS}, but got {kind!r}.')
        if gate not in GATES:
            raise ValueError(f'Expected `gate` to be one of {GATES}, but got {gate!r}.')
        self.kind = kind
        self.gate = gate

    def forward(
        self,
        logits: Tensor,
        probs: Tensor,
        pseudo: ThresholdResult,
        partner: Tensor,
        ratio: Tensor,
    ) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            logits: (U, C) of the student on the mixed clips.
            probs: (U, C) of the teacher on the weak views of the unmixed clips.
            pseudo: their pseudo labels and weights h.
            partner: (U,) long, with which clip each was mixed.
            ratio: (U,) λ, share of the first clip.
        """
        target = mix_targets(probs, pseudo, partner, ratio)
        weight = self.mix_weights(pseudo.weight, partner, ratio)
        return (weight * self.distance(full_precision(logits), target)).mean()

    def distance(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return d (U,) of logits (U, C) and targets (U, C)."""
        if self.kind == 'ce':
            return F.cross_entropy(logits, target, reduction='none')
        prediction = logits if self.kind == 'mse_logit' else logits.softmax(dim=-1)
        return (prediction - target).square().mean(dim=-1)

    def mix_weights(self, weight: Tensor, partner: Tensor, ratio: Tensor) -> Tensor:
        """Return the weights (U,) of the mixed clips from those of the unmixed ones (U,)."""
        if self.gate == 'none':
            return torch.ones_like(weight)
        if self.gate == 'both':
            return weight * weight[partner]
        return ratio * weight + (1 - ratio) * weight[partner]


@torch.no_grad()
def mix_targets(probs: Tensor, pseudo: ThresholdResult, partner: Tensor, ratio: Tensor) -> Tensor:
    """Return the mixed targets y_m (U, C); arguments as in `MixLoss.forward`."""
    probs = full_precision(probs)
    one_hot = torch.zeros_like(probs).scatter_(-1, pseudo.label[:, None], 1.0)
    target = torch.where(pseudo.weight[:, None] > 0, one_hot, probs)
    return ratio[:, None] * target + (1 - ratio[:, None]) * target[partner]
