"""Pictures of two ranks show the clips of both, and training does not depend on them."""

import pytest
import torch

from mmavssl.evaluation.functional.accuracy import agreement, confusion_matrix
from tests.reliability.rank_data import CLASSES
from tests.reliability.rank_pictures import STEPS, everything, scores_of_all
from tests.reliability.rank_processes import Ranks


@pytest.fixture(scope='module')
def ranks():
    return Ranks(everything, 2).results()


def count(iterations):
    """Count passed and right pseudo labels by class."""
    counts = torch.zeros(2, len(CLASSES), dtype=torch.long)
    for labels, passed, hidden in iterations:
        for label, counts_it, truth in zip(labels, passed, hidden, strict=True):
            counts[0, label] += counts_it
            counts[1, label] += counts_it & (label == truth)
    return counts


def test_pseudo_labels_of_all_ranks_are_counted(ranks):
    first, second = (rank['with'] for rank in ranks)
    assert [step for step, _ in first['drawn']] == [2, STEPS]
    assert second['drawn'] == []
    for step, bars in first['drawn']:
        own, others = (count(rank['labels'][step - 2 : step]) for rank in (first, second))
        passed, right = own + others
        assert own[0].sum() > 0
        assert others[0].sum() > 0
        assert torch.equal(bars['pseudo labels that count'], passed)
        accuracy = bars['right, where the label is known (%)'].double()
        expected = 100 * right.double() / passed
        torch.testing.assert_close(accuracy, expected, equal_nan=True, rtol=1e-6, atol=0)


def test_training_is_the_same_without_pictures(ranks):
    for rank in ranks:
        one, other = rank['with'], rank['without']
        assert other['drawn'] == []
        assert one['logs'] == other['logs']
        for part in ('student', 'threshold'):
            assert one[part].keys() == other[part].keys()
            assert all(torch.equal(value, other[part][name]) for name, value in one[part].items())


def test_networks_are_compared_on_the_clips_of_all_ranks(ranks):
    labels, scores = scores_of_all()
    predicted = [each.argmax(dim=1) for each in scores.values()]
    ((matrices, counts),) = ranks[0]['validated']
    assert ranks[1]['validated'] == []
    assert counts == list(agreement(labels, *predicted))
    for matrix, classes in zip(matrices.values(), predicted, strict=True):
        assert torch.equal(matrix, confusion_matrix(labels, classes, len(CLASSES)))
