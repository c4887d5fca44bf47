"""Accuracy of class scores."""

from typing import NamedTuple

import torch
from torch import Tensor


def percentage(hits: Tensor) -> float:
    """Return the share of True in percent."""
    return 100.0 * hits.double().mean().item()


def true_class_rank(scores: Tensor, labels: Tensor) -> Tensor:
    """Return how many classes come before the true one, (N,).

    Classes of equal score come in the order of their index. Where a score is not a number, the
    true class comes last.

    Args:
        scores: (N, C).
        labels: (N,) in [0, C).

    >>> true_class_rank(torch.tensor([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]), torch.tensor([2, 1]))
    tensor([1, 1])
    """
    of_label = scores.gather(1, labels[:, None])
    lower_index = torch.arange(scores.shape[1]) < labels[:, None]
    before = (scores > of_label) | ((scores == of_label) & lower_index)
    return torch.where(scores.isnan().any(dim=1), scores.shape[1], before.sum(dim=1))


def top_k_accuracy(scores: Tensor, labels: Tensor, k: int) -> float:
    """Return the percentage of samples whose true class is among the k best.

    Args:
        scores: (N, C) on the CPU.
        labels: (N,) in [0, C).
        k: at least 1; with k >= C every class is among the best, unless scores are not numbers.

    >>> top_k_accuracy(torch.tensor([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]), torch.tensor([2, 0]), 1)
    50.0
    """
    return percentage(true_class_rank(scores, labels) < min(k, scores.shape[1]))


def predicted_class(scores: Tensor) -> Tensor:
    """Return the first best class of scores (N, C), or C where a score is not a number."""
    num_classes = scores.shape[1]
    return scores.argmax(dim=1).where(~scores.isnan().any(dim=1), num_classes)


def confusion_matrix(labels: Tensor, predicted: Tensor, num_classes: int) -> Tensor:
    """Count samples by true (row) and predicted (column) class, (C, C + 1).

    The last column counts the samples whose scores are not numbers.
    """
    flat = labels * (num_classes + 1) + predicted
    return flat.bincount(minlength=num_classes * (num_classes + 1)).view(num_classes, -1)


def class_accuracy(confusion: Tensor) -> Tensor:
    """Return the percentage of right samples of each class (C,); nan for a class without any."""
    return 100.0 * confusion.diagonal().double() / confusion.sum(dim=1)


class Agreement(NamedTuple):
    """Of how many clips two networks are right, and whether they err alike.

    Attributes:
        both_right: both are.
        only_first: the first one alone is.
        only_second: the second one alone is.
        same_mistake: both take the clip for the same wrong class.
        other_mistakes: both are wrong, each in its own way.
    """

    both_right: int
    only_first: int
    only_second: int
    same_mistake: int
    other_mistakes: int


def agreement(labels: Tensor, first: Tensor, second: Tensor) -> Agreement:
    """Compare the predictions of two networks.

    Args:
        labels: (N,) true classes.
        first: (N,) predicted classes, see `predicted_class`.
        second: the same of the second network.

    >>> labels, first = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 0, 1])
    >>> agreement(labels, first, torch.tensor([0, 1, 0, 2]))
    Agreement(both_right=1, only_first=2, only_second=0, same_mistake=1, other_mistakes=0)
    """
    hits, others, alike = first == labels, second == labels, first == second
    wrong = ~hits & ~others
    outcomes = (hits & others, hits & ~others, ~hits & others, wrong & alike, wrong & ~alike)
    return Agreement(*(int(outcome.sum()) for outcome in outcomes))
