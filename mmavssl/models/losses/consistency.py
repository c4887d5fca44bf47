"""Cross-entropy on weighted pseudo labels."""

import torch.nn.functional as F
from torch import Tensor

from mmavssl.models.utils.precision import full_precision


def consistency_loss(logits: Tensor, label: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return ``sum_i weight_i * CE(logits_i, label_i) / U`` (Eq. 2-4).

    The sum is divided by the batch size, not by the number of accepted samples.

    Args:
        logits: (U, C) of the student on strong views.
        label: (U,) pseudo labels, or (U, C) probabilities of the teacher.
        weight: (U,) of the threshold; None counts every sample (Eq. 2).
    """
    per_sample = F.cross_entropy(full_precision(logits), label, reduction='none')
    return per_sample.mean() if weight is None else (weight * per_sample).mean()
