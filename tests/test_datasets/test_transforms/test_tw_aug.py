import numpy as np

from mmavssl.datasets.transforms import TWAug
from mmavssl.utils.random import isolated_rng


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
