"""What a threshold gives, and what all thresholds share."""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class ThresholdResult(NamedTuple):
    """Pseudo labels of a batch and how much each counts.

    Attributes:
        weight: (U,) float, 1 where the pseudo label is used and 0 elsewhere.
        label: (U,) long, most likely class.
        conf: (U,) probability of that class.
        thr: (U,) what ``conf`` had to reach.
    """

    weight: Tensor
    label: Tensor
    conf: Tensor
    thr: Tensor


class BaseThreshold(nn.Module):
    """Base of the confidence thresholds; their state lives in buffers and so in checkpoints.

    One iteration: `forward` on each rank's own predictions, and `update` once on those of all
    ranks. Every rank then writes the same state.
    """

    #: Whether `update` comes before `forward`.
    update_first: bool = False
    #: Whether ``sample_idx``, unique and stable in [0, num_samples), is needed.
    needs_index: bool = False

    def setup(self, num_samples: int, num_classes: int) -> None:
        """Size the state before training and before a checkpoint is loaded.

        Args:
            num_samples: size of the unlabeled pool.
            num_classes: number of classes.
        """

    def forward(self, probs: Tensor, sample_idx: Tensor | None = None) -> ThresholdResult:
        """Return pseudo labels and weights.

        Args:
            probs: (U, C) probabilities of the teacher on weak views.
            sample_idx: (U,) position of each clip in the unlabeled pool.
        """
        raise NotImplementedError(f'{type(self).__name__} must implement `forward`.')

    def update(self, probs: Tensor, sample_idx: Tensor | None = None) -> None:
        """Update the state; called once per iteration with the predictions of all ranks.

        Args:
            probs: (U_all, C), in the order of the ranks.
            sample_idx: (U_all,).
        """

    def log_vars(self) -> dict[str, Tensor]:
        """Return what is worth logging about the state; empty where there is none."""
        return {}


def check_threshold(threshold: float) -> float:
    """Return ``threshold``, or raise a ValueError if it is not a probability."""
    if not 0 <= threshold <= 1:
        raise ValueError(f'Expected `threshold` to be in [0, 1], but got {threshold!r}.')
    return threshold


def select(probs: Tensor, class_thresholds: Tensor) -> ThresholdResult:
    """Keep the predictions that reach the threshold of their class.

    Equality passes: papers write ``>``, released code ``>=``.

    Args:
        probs: (U, C).
        class_thresholds: (C,).
    """
    conf, label = probs.detach().float().max(dim=-1)
    thr = class_thresholds.to(conf)[label]
    return ThresholdResult((conf >= thr).to(conf), label, conf, thr)


@torch.no_grad()
def class_histogram(labels: Tensor, num_classes: int) -> Tensor:
    """Count the labels 0 .. num_classes - 1; like ``bincount``, which waits for a GPU.

    >>> class_histogram(torch.tensor([0, 2, 2]), 4)
    tensor([1, 0, 2, 0])
    """
    counts = torch.zeros(num_classes, dtype=torch.long, device=labels.device)
    return counts.scatter_add_(0, labels, torch.ones_like(labels))
