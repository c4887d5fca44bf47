import numpy as np
import pytest

from mmavssl.datasets.transforms import CenterCrop, Flip, RandomScaleCrop, ThreeCrop
from mmavssl.datasets.transforms.spatial import crop_resize, crop_side
from mmavssl.utils.random import isolated_rng


def gradient(num_frames, height, width):
    y, x = np.mgrid[:height, :width]
    frame = np.stack([x * 255 / (width - 1), y * 255 / (height - 1), 0 * x], axis=-1)
    return np.repeat(frame[None].astype(np.uint8), num_frames, axis=0)


def test_crop_side_is_the_share_of_the_short_side():
    assert crop_side(240, 320, 224, 256) == 210
    assert crop_side(320, 240, 224, 224) == 240
    assert crop_side(1, 1, 32, 320) == 1


@pytest.mark.parametrize('size', [4, 8, 16])
def test_crop_resize_keeps_colours(size):
    imgs = np.zeros((2, 20, 20, 3), np.uint8)
    imgs[0, 4:12, 6:14] = (10, 20, 30)
    imgs[1, 4:12, 6:14] = (90, 80, 70)
    out = crop_resize(imgs, np.array([6, 4, 14, 12]), size)
    assert out.shape == (2, size, size, 3)
    assert (out[0] == (10, 20, 30)).all()
    assert (out[1] == (90, 80, 70)).all()


@pytest.mark.parametrize(('height', 'width'), [(48, 64), (64, 48), (101, 77)])
def test_random_scale_crop_shows_what_its_box_says(height, width):
    with isolated_rng(0):
        results = RandomScaleCrop(scale=(32, 40), size=32)({'imgs': gradient(3, height, width)})
    x1, y1, x2, y2 = results['crop_box'][0]
    side = min(height, width)
    assert side * 32 / 40 - 1 <= x2 - x1 <= side
    assert x2 - x1 == y2 - y1
    assert 0 <= x1 <= x2 <= width
    assert 0 <= y1 <= y2 <= height
    assert results['imgs'].shape == (3, 32, 32, 3)
    assert (results['imgs'] == results['imgs'][:1]).all()
    centre = results['imgs'][0, 15:17, 15:17].astype(float).mean(axis=(0, 1))
    assert centre[0] == pytest.approx((x1 + x2) / 2 * 255 / width, abs=6)
    assert centre[1] == pytest.approx((y1 + y2) / 2 * 255 / height, abs=6)


def test_random_scale_crop_reaches_all_sizes_and_corners():
    imgs, boxes = gradient(1, 40, 60), []
    for seed in range(200):
        with isolated_rng(seed):
            out = RandomScaleCrop(scale=(32, 40), size=32)({'imgs': imgs})
            boxes.append(out['crop_box'][0])
    boxes = np.array(boxes)
    assert set(boxes[:, 2] - boxes[:, 0]) == {round(40 * 32 / s) for s in range(32, 41)}
    assert (boxes[:, 0].min(), boxes[:, 1].min()) == (0, 0)
    assert (boxes[:, 2].max(), boxes[:, 3].max()) == (60, 40)


def test_three_crops_are_left_middle_right():
    imgs = np.concatenate([gradient(2, 32, 96), 255 - gradient(2, 32, 96)])
    results = {'imgs': imgs, 'frame_inds': np.arange(4).reshape(2, 2)}
    out = ThreeCrop(scale=32, size=32)(results)
    assert out['imgs'].shape == (12, 32, 32, 3)
    assert out['crop_box'][:, 0].tolist() == [0, 32, 64, 0, 32, 64]
    for clip in range(2):
        for i, x in enumerate((0, 32, 64)):
            shown = out['imgs'][6 * clip + 2 * i : 6 * clip + 2 * i + 2]
            np.testing.assert_array_equal(shown, imgs[2 * clip : 2 * clip + 2, :, x : x + 32])


def test_three_crops_of_a_portrait_go_down_and_center_crop_is_the_middle():
    imgs = gradient(1, 96, 32)
    results = {'imgs': imgs, 'frame_inds': np.zeros((1, 1))}
    assert ThreeCrop(scale=32, size=32)(dict(results))['crop_box'][:, 1].tolist() == [0, 32, 64]
    centre = CenterCrop(scale=32, size=32)(results)
    assert centre['crop_box'].tolist() == [[0, 32, 32, 64]]
    np.testing.assert_array_equal(centre['imgs'], imgs[:, 32:64])


def test_flip_mirrors_all_frames_or_none():
    imgs = gradient(2, 8, 8)
    mirrored, kept = Flip(1.0)({'imgs': imgs}), Flip(0.0)({'imgs': imgs})
    np.testing.assert_array_equal(mirrored['imgs'], imgs[:, :, ::-1])
    assert mirrored['flip'] is True
    assert kept['imgs'] is imgs
    assert kept['flip'] is False
    flips = []
    for seed in range(200):
        with isolated_rng(seed):
            flips.append(Flip(0.3)({'imgs': imgs})['flip'])
    assert np.mean(flips) == pytest.approx(0.3, abs=0.1)


def test_bad_arguments():
    with pytest.raises(ValueError, match='`size` <= `scale'):
        RandomScaleCrop(scale=(200, 300), size=224)
    with pytest.raises(ValueError, match='`size` <= `scale'):
        RandomScaleCrop(scale=(320, 256))
    with pytest.raises(ValueError, match='`size` <= `scale'):
        CenterCrop(scale=100, size=101)
    with pytest.raises(ValueError, match=r'`prob` to be in \[0, 1\], but got 1.5'):
        Flip(1.5)
