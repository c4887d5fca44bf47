"""What is said of maps at the end of a training counts those of all ranks."""

import pytest
import torch
from mmengine.dist import get_rank

from mmavssl.models.maskers.map_weights import DegenerateMapLog
from tests.reliability.rank_processes import Ranks

pytestmark = pytest.mark.slow


def conclusion(useful_on: tuple[int, ...]) -> str:
    """Count two maps here, one of which tells something on some ranks; return what is said."""
    log, rank = DegenerateMapLog(), get_rank()
    log(torch.tensor([[True, rank not in useful_on]]), torch.tensor([[rank == 1, False]]))
    return log.conclusion()


def test_useful_maps_of_any_rank_count():
    """The first process alone, which writes the log, would say that there were none."""
    useful, useless = Ranks(conclusion, 2, useful_on=(1,)), Ranks(conclusion, 2, useful_on=())
    assert useful.results() == ['', '']
    first, second = useless.results()
    assert first == second
    assert first.startswith('None of the 4 localization maps since this run was last started ')
    assert '1 not finite (NaN or infinite), 3 constant' in first
