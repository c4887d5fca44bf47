import numpy as np
import pytest

from mmavssl.datasets.transforms import TWAug
from mmavssl.datasets.transforms.tw_aug import tw_aug_indices, warp_indices
from mmavssl.utils.random import isolated_rng


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


def test_frame_inds_name_the_frames_that_each_clip_shows():
    frame_inds = np.array([[3, 5, 7, 9, 11, 13, 15, 17], [20, 22, 24, 26, 28, 30, 32, 34]])
    imgs = frame_inds.reshape(16, 1, 1, 1) + np.zeros((1, 2, 2, 3), np.int64)
    differ = 0
    for seed in range(30):
        with isolated_rng(seed):
            out = TWAug()({'imgs': imgs, 'frame_inds': frame_inds})
        assert out['imgs'].shape == imgs.shape
        np.testing.assert_array_equal(out['imgs'][:, 0, 0, 0], out['frame_inds'].ravel())
        assert set(out['frame_inds'][0]) <= set(frame_inds[0])
        assert set(out['frame_inds'][1]) <= set(frame_inds[1])
        differ += not np.array_equal(out['frame_inds'][0] + 17, out['frame_inds'][1])
    assert differ > 15  # each clip has its own draw
    assert frame_inds[0].tolist() == [3, 5, 7, 9, 11, 13, 15, 17]


def test_crops_of_a_clip_share_the_draw():
    """Images of 2 clips with 3 crops of 8 frames: 100 * clip + 10 * crop + time."""
    clip, crop, time = np.mgrid[:2, :3, :8]
    imgs = (100 * clip + 10 * crop + time).reshape(48, 1, 1, 1)
    with isolated_rng(1):
        out = TWAug()({'imgs': imgs, 'frame_inds': np.arange(16).reshape(2, 8)})
    shown = out['imgs'].reshape(2, 3, 8)
    for number in range(2):
        order = out['frame_inds'][number] - 8 * number
        expected = 100 * number + 10 * np.arange(3)[:, None] + order
        np.testing.assert_array_equal(shown[number], expected)
    assert len(set(shown[0, 0])) < 8 or len(set(shown[1, 0])) < 8
