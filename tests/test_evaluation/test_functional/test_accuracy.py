import math

import pytest
import torch

from mmavssl.evaluation.functional.accuracy import (
    agreement,
    class_accuracy,
    confusion_matrix,
    predicted_class,
    top_k_accuracy,
    true_class_rank,
)


def slow_order(row):
    """Classes from best to worst; ties in the order of their index."""
    return sorted(range(len(row)), key=lambda index: (-row[index], index))


@pytest.mark.parametrize('k', [1, 2, 5, 7, 9])
def test_top_k_against_sorting(k):
    torch.manual_seed(k)
    # Rounded scores have many ties.
    scores = (torch.rand(200, 7) * 4).round()
    labels = torch.randint(7, (200,))
    hits = [
        label in slow_order(row)[:k]
        for row, label in zip(scores.tolist(), labels.tolist(), strict=True)
    ]
    assert top_k_accuracy(scores, labels, k) == pytest.approx(100 * sum(hits) / 200)


def test_rank_and_prediction_agree():
    torch.manual_seed(0)
    scores = (torch.rand(300, 5) * 3).round()
    labels = torch.randint(5, (300,))
    ranks = true_class_rank(scores, labels)
    for row, label, rank in zip(scores.tolist(), labels.tolist(), ranks.tolist(), strict=True):
        assert slow_order(row).index(label) == rank
    assert torch.equal(ranks == 0, predicted_class(scores) == labels)


def test_not_a_number_is_wrong():
    scores = torch.tensor([[math.nan, 0.1], [math.nan, math.nan], [0.9, 0.1]])
    labels = torch.tensor([1, 0, 0])
    assert top_k_accuracy(scores, labels, 1) == pytest.approx(100 / 3)
    assert top_k_accuracy(scores, labels, 5) == pytest.approx(100 / 3)
    confusion = confusion_matrix(labels, predicted_class(scores), 2)
    assert confusion.tolist() == [[1, 0, 1], [0, 0, 1]]


def test_confusion_and_class_accuracy():
    labels = torch.tensor([0, 0, 0, 2, 2])
    predicted = torch.tensor([0, 1, 0, 2, 0])
    confusion = confusion_matrix(labels, predicted, 3)
    assert confusion.tolist() == [[2, 1, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]]
    accuracy = class_accuracy(confusion).tolist()
    assert accuracy[0] == pytest.approx(200 / 3)
    assert math.isnan(accuracy[1])
    assert accuracy[2] == 50.0


def test_agreement_against_counting():
    torch.manual_seed(0)
    labels, first, second = torch.randint(3, (3, 200))
    expected = [0] * 5
    for label, one, other in zip(labels.tolist(), first.tolist(), second.tolist(), strict=True):
        if one == label:
            expected[0 if other == label else 1] += 1
        elif other == label:
            expected[2] += 1
        else:
            expected[3 if one == other else 4] += 1
    assert list(agreement(labels, first, second)) == expected
    assert min(expected) > 0
