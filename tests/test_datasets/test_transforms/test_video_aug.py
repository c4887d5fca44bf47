import numpy as np
import pytest

from mmavssl.datasets.transforms import (
    CenterCrop,
    Flip,
    RandAugment,
    RandomScaleCrop,
    ThreeCrop,
    TWAug,
)
from mmavssl.datasets.transforms.tw_aug import tw_aug_indices
from mmavssl.utils.random import isolated_rng


def gradient(num_frames, height, width):
    y, x = np.mgrid[:height, :width]
    frame = np.stack([x * 255 / (width - 1), y * 255 / (height - 1), 0 * x], axis=-1)
    return np.repeat(frame[None].astype(np.uint8), num_frames, axis=0)


@pytest.mark.parametrize(('height', 'width'), [(48, 64), (64, 48), (101, 77)])
def test_random_scale_crop_shows_what_its_box_says(height, width):
    with isolated_rng(0):
        results = RandomScaleCrop(scale=(32, 40), size=32)({'imgs': gradient(3, height, width)})
    x1, y1, x2, y2 = results['crop_box'][0]
    side = min(height, width)
    assert side * 32 / 40 - 1e-6 <= x2 - x1 <= side
    assert 0 <= x1 <= x2 <= width
    assert 0 <= y1 <= y2 <= height
    assert results['imgs'].shape == (3, 32, 32, 3)
    assert (results['imgs'] == results['imgs'][:1]).all()
    centre = results['imgs'][0, 15:17, 15:17].astype(float).mean(axis=(0, 1))
    assert centre[0] == pytest.approx((x1 + x2) / 2 * 255 / width, abs=6)
    assert centre[1] == pytest.approx((y1 + y2) / 2 * 255 / height, abs=6)


def test_three_crops_are_left_middle_right():
    imgs = gradient(4, 32, 96)
    results = {'imgs': imgs, 'frame_inds': np.arange(4).reshape(2, 2)}
    out = ThreeCrop(scale=32, size=32)(results)
    assert out['imgs'].shape == (12, 32, 32, 3)
    assert out['crop_box'][:, 0].tolist() == [0, 32, 64, 0, 32, 64]
    for i, x in enumerate((0, 32, 64)):
        np.testing.assert_array_equal(out['imgs'][2 * i], imgs[0][:, x : x + 32])


def test_three_crops_of_a_portrait_go_down_and_center_crop_is_the_middle():
    results = {'imgs': gradient(1, 96, 32), 'frame_inds': np.zeros((1, 1))}
    assert ThreeCrop(scale=32, size=32)(dict(results))['crop_box'][:, 1].tolist() == [0, 32, 64]
    assert CenterCrop(scale=32, size=32)(results)['crop_box'].tolist() == [[0, 32, 32, 64]]


def test_flip_mirrors_all_frames_or_none():
    imgs = gradient(2, 8, 8)
    np.testing.assert_array_equal(Flip(1.0)({'imgs': imgs})['imgs'], imgs[:, :, ::-1])
    assert Flip(0.0)({'imgs': imgs})['imgs'] is imgs


def test_rand_augment_treats_all_frames_alike_and_follows_the_seed():
    imgs = np.random.RandomState(0).randint(0, 255, (1, 32, 32, 3), np.uint8).repeat(4, axis=0)
    outputs = []
    for seed in range(8):
        with isolated_rng(seed):
            out = RandAugment()({'imgs': imgs})['imgs']
        with isolated_rng(seed):
            again = RandAugment()({'imgs': imgs})['imgs']
        np.testing.assert_array_equal(out, again)
        assert out.dtype == np.uint8
        assert (out == out[:1]).all()
        outputs.append(out)
    assert sum(not np.array_equal(out, imgs) for out in outputs) >= 4


def test_tw_aug_examples_of_the_paper_code():
    assert tw_aug_indices([2, 7], 8, mids=[2]).tolist() == [2, 2, 7, 7, 7, 7, 7, 7]
    assert tw_aug_indices([0, 4, 6, 7], 8, mids=[1, 5]).tolist() == [0, 4, 4, 4, 4, 6, 6, 7]
    assert tw_aug_indices([0, 4, 6, 7], 8, mids=[1, 4]).tolist() == [0, 4, 4, 4, 6, 6, 6, 7]


def test_tw_aug_keeps_order_and_length_and_draws_each_rate_equally():
    imgs = np.arange(8).reshape(8, 1, 1, 1)
    distinct = []
    for seed in range(600):
        with isolated_rng(seed):
            order = TWAug()({'imgs': imgs})['imgs'].ravel()
        assert len(order) == 8
        assert (np.diff(order) >= 0).all()
        distinct.append(len(set(order.tolist())))
    unchanged = np.mean([count == 8 for count in distinct])
    assert unchanged == pytest.approx(1 / 3, abs=0.06)
    assert set(distinct) <= {1, 2, 3, 4, 8}
