"""Contrast of two frame rates of the same clips (TCL)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import LOSSES
from mmavssl.utils.distributed import gather_with_grad
from mmavssl.utils.ranges import check_range


class PathwayContrastiveLoss(nn.Module):
    """Base of TCL's losses (Singh et al., CVPR 2021), which compare class probabilities.

    Predictions of all processes are gathered, as the released code compares those of a whole
    batch on several GPUs; the loss is the same on each.

    Args:
        temperature: divides the cosine similarities, positive.

    Raises:
        ValueError: ``temperature`` is not positive.
    """

    def __init__(self, temperature: float = 0.5) -> None:
        super().__init__()
        self.temperature = check_range('temperature', temperature, above=0)

    def forward(self, fast: Tensor, slow: Tensor) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            fast: (U, C) probabilities of clips at the higher frame rate.
            slow: (U, C) of the same clips at the lower one.
        """
        with torch.autocast(fast.device.type, enabled=False):
            gathered = (gather_with_grad(full_precision(probs)) for probs in (fast, slow))
            return self.compare(*gathered)

    def compare(self, fast: Tensor, slow: Tensor) -> Tensor:
        """Return the loss of the probabilities (U_all, C) of all processes."""
        raise NotImplementedError(f'{type(self).__name__} must implement `compare`.')


@LOSSES.register_module()
class InstanceContrastiveLoss(PathwayContrastiveLoss):
    """Both frame rates of a clip are positives, all other clips of the batch negatives."""

    def compare(self, fast: Tensor, slow: Tensor) -> Tensor:
        """Return the mean over all 2 U anchors."""
        return pathway_nce(fast, slow, self.temperature).mean()


@LOSSES.register_module()
class GroupContrastiveLoss(PathwayContrastiveLoss):
    """The same of groups: mean probabilities of the clips that a pathway gives to a class.

    Only classes that both pathways give to some clip take part; where they are fewer than two,
    the loss is 0. Nothing waits for the device.
    """

    def compare(self, fast: Tensor, slow: Tensor) -> Tensor:
        """Return the mean over the groups of both pathways."""
        (fast_group, in_fast), (slow_group, in_slow) = map(group_means, (fast, slow))
        common = in_fast & in_slow
        terms = pathway_nce(fast_group, slow_group, self.temperature, common)
        weight = common.repeat(2).to(terms)
        return (weight * terms).sum() / weight.sum().clamp(min=1)


def group_means(probs: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean probabilities (C, C) of the clips of each class, and which have some (C,).

    Args:
        probs: (U, C); a clip belongs to its most likely class.
    """
    members = F.one_hot(probs.argmax(dim=-1), probs.shape[-1]).to(probs)
    counts = members.sum(dim=0)
    return members.T @ probs / counts.clamp(min=1)[:, None], counts > 0


def pathway_nce(
    one: Tensor, other: Tensor, temperature: float, present: Tensor | None = None
) -> Tensor:
    """Return the contrastive terms (2 N,) of both pathways' anchors.

    ``-log h(a, a') / (h(a, a') + sum of h(a, b))`` with h = exp(cosine / temperature), a' the same
    row of the other pathway, and b all other rows of both.

    Args:
        one: (N, D).
        other: (N, D).
        temperature: of h.
        present: bool (N,), rows that are compared; terms of the others mean nothing.
    """
    anchors = F.normalize(torch.cat([one, other]), dim=-1)
    similarity = anchors @ anchors.T / temperature
    hidden = torch.eye(len(anchors), dtype=torch.bool, device=anchors.device)
    if present is not None:
        rows = present.repeat(2)
        # Absent rows keep theirs, so that their terms are finite and have a finite gradient.
        hidden = hidden | (rows[:, None] & ~rows)
    positives = torch.arange(len(anchors), device=anchors.device).roll(len(one))
    return F.cross_entropy(
        similarity.masked_fill(hidden, float('-inf')), positives, reduction='none'
    )
