"""Losses over the clips of all ranks: two ranks with B clips each equal one with 2 B."""

import pytest
import torch

from mmavssl.models.losses.pathway_contrastive import group_means
from tests.reliability.rank_algorithms import everything
from tests.reliability.rank_gathered import features, losses
from tests.reliability.rank_processes import Ranks

pytestmark = pytest.mark.slow
#: No mean over clips: the share of right labels among those that pass.
NO_MEAN = 'pseudo_label_acc'
LOSSES = tuple(losses())
#: How many losses each algorithm has.
ALGORITHMS = {
    'ltg': 4, 'avclr': 5, 'tcl contrasts': 3, 'tcl pseudo labels': 2, 'cross_modal flex': 4,
    'cross_modal free': 6, 'asl_mix free': 5, 'asl_mix soft': 4, 'uda': 2, 'mean_teacher': 2,
    'pseudo_label': 2,
}  # fmt: skip


@pytest.fixture(scope='module')
def runs():
    """Return the results of two ranks, and of one process."""
    started = [Ranks(everything, count) for count in (2, 1)]
    ranks, (single,) = (processes.results() for processes in started)
    return ranks, single


def starting(results, start):
    return {name: value for name, value in results.items() if name.startswith(start)}


@pytest.mark.parametrize('case', [*LOSSES, *ALGORITHMS])
def test_two_ranks_equal_one(runs, case):
    ranks, single = runs
    for rank in ranks:
        assert rank[case].keys() == single[case].keys()
        for name in single[case].keys() - starting(single[case], NO_MEAN):
            torch.testing.assert_close(
                rank[case][name], single[case][name], rtol=1e-9, atol=1e-11, msg=name
            )


@pytest.mark.parametrize('case', LOSSES)
def test_ranks_on_their_own_would_differ(runs, case):
    """Their mean is another loss, so that what is not gathered would be seen."""
    one, other, layer = features()
    loss, halves = losses()[case], zip(one.chunk(2), other.chunk(2), strict=True)
    alone = torch.stack([loss(x @ layer, y @ layer) for x, y in halves]).mean()
    assert abs(alone / runs[1][case]['loss'] - 1) > 0.01
    assert runs[1][case]['grad'].abs().sum() > 0


def test_ranks_have_different_groups():
    one, _, layer = features()
    groups = [group_means((half @ layer).softmax(dim=-1))[1] for half in one.chunk(2)]
    assert not torch.equal(*groups)


@pytest.mark.parametrize('case', ALGORITHMS)
def test_algorithms_have_something_to_compare(runs, case):
    result = runs[1][case]
    values = starting(result, 'loss')
    assert len(values) == ALGORITHMS[case]
    for name, value in values.items():
        assert value < 0 if 'threshold' in name else value > 0, name  # fairness is negative
    if case == 'asl_mix soft':  # there all have some weight
        assert len(result['weights 0'].unique()) > 2
    elif case != 'tcl contrasts':  # there are no pseudo labels
        rates = starting(result, 'pass_rate')
        assert all(0 < rate < 1 for rate in rates.values())
    for name, grad in starting(result, 'grad').items():
        assert grad.abs().sum() > 0, name


@pytest.mark.parametrize('case', ALGORITHMS)
def test_states_of_ranks_are_bit_identical(runs, case):
    first, second = (starting(rank[case], 'state') for rank in runs[0])
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
