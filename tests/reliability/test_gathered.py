"""Losses over the clips of all ranks: two ranks with B clips each equal one with 2 B."""

import pytest
import torch

from tests.reliability.rank_gathered import everything
from tests.reliability.rank_processes import Ranks

pytestmark = pytest.mark.slow
#: No mean over clips: the share of right labels among those that pass.
NO_MEAN = 'pseudo_label_acc'
CASES = ('nt_xent', 'contrast of ltg', 'clustering', 'ltg', 'avclr')


@pytest.fixture(scope='module')
def runs():
    """Return the results of two ranks, and of one process."""
    started = [Ranks(everything, count) for count in (2, 1)]
    ranks, (single,) = (processes.results() for processes in started)
    return ranks, single


@pytest.mark.parametrize('case', CASES)
def test_two_ranks_equal_one(runs, case):
    ranks, single = runs
    for rank in ranks:
        assert rank[case].keys() == single[case].keys()
        for name in single[case].keys() - {NO_MEAN}:
            torch.testing.assert_close(
                rank[case][name], single[case][name], rtol=1e-9, atol=1e-11, msg=name
            )


def test_there_is_something_to_compare(runs):
    _, single = runs
    for case in CASES[:3]:
        assert single[case]['grad'].abs().sum() > 0
    for case in CASES[3:]:
        assert 0 < single[case]['pass_rate'] < 1
        losses = {name: value for name, value in single[case].items() if 'loss' in name}
        assert len(losses) == {'ltg': 4, 'avclr': 5}[case]
        assert all(value > 0 for value in losses.values())


def test_centroids_of_ranks_are_bit_identical(runs):
    (first, second), _ = runs
    for name in ('state centroids.means', 'state centroids.known'):
        assert torch.equal(first['avclr'][name], second['avclr'][name])
