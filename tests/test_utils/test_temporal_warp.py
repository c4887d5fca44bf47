import numpy as np
import pytest

from mmavssl.utils.random import isolated_rng
from mmavssl.utils.temporal_warp import tw_aug_indices, warp_indices


def test_examples_of_the_paper_code():
    assert warp_indices([2, 7], 8, mids=[2]).tolist() == [2, 2, 7, 7, 7, 7, 7, 7]
    assert warp_indices([0, 4, 6, 7], 8, mids=[1, 5]).tolist() == [0, 4, 4, 4, 4, 6, 6, 7]
    assert warp_indices([0, 4, 6, 7], 8, mids=[1, 4]).tolist() == [0, 4, 4, 4, 6, 6, 6, 7]
    assert warp_indices([5], 8).tolist() == [5] * 8
    assert warp_indices([0, 1, 2], 4).tolist() == [0, 1, 2, 2]


def test_turning_points_reach_both_neighbours():
    counts = set()
    for seed in range(100):
        with isolated_rng(seed):
            counts.add(int((warp_indices([1, 4], 6) == 1).sum()))
    assert counts == {1, 2, 3, 4}


def test_order_and_length_stay_and_each_rate_is_equally_likely():
    distinct = []
    for seed in range(600):
        with isolated_rng(seed):
            order = tw_aug_indices(8)
        assert len(order) == 8
        assert (np.diff(order) >= 0).all()
        distinct.append(len(set(order.tolist())))
    assert np.mean([count == 8 for count in distinct]) == pytest.approx(1 / 3, abs=0.06)
    assert np.mean([count <= 2 for count in distinct]) == pytest.approx(1 / 3, abs=0.08)
    assert set(distinct) <= {1, 2, 3, 4, 8}
