import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import resize

from mmavssl.datasets.transforms import BicubicRandomCrop, BicubicResize


def noise(height, width, frames=2):
    return np.random.default_rng(0).integers(0, 256, (frames, height, width, 3), np.uint8)


def results_of(imgs):
    return {'imgs': imgs, 'frame_inds': np.arange(len(imgs))[None]}


def official(frame, size):
    return np.asarray(resize(Image.fromarray(frame), size, InterpolationMode.BICUBIC))


@pytest.mark.parametrize('shape', [(90, 160), (100, 30)])
def test_resize_as_the_official_code(shape):
    imgs = noise(*shape)
    results = BicubicResize(56)(results_of(imgs))
    for frame, expected in zip(results['imgs'], imgs, strict=True):
        np.testing.assert_array_equal(frame, official(expected, (56, 56)))
    assert results['crop_box'].tolist() == [[0, 0, shape[1], shape[0]]]


@pytest.mark.parametrize('shape', [(90, 161), (161, 90), (40, 41), (60, 60)])
def test_crop_as_the_official_code(shape):
    imgs = noise(*shape)
    np.random.seed(0)
    results = BicubicRandomCrop(scale=61, size=56)(results_of(imgs))
    scaled = official(imgs[1], 61)
    x1, y1, x2, y2 = results['crop_box'][0]
    factors = scaled.shape[1] / shape[1], scaled.shape[0] / shape[0]
    x, y = round(x1 * factors[0]), round(y1 * factors[1])
    assert (x2 - x1, y2 - y1) == pytest.approx((56 / factors[0], 56 / factors[1]))
    np.testing.assert_array_equal(results['imgs'][1], scaled[y : y + 56, x : x + 56])


def test_crops_are_anywhere():
    np.random.seed(0)
    imgs = noise(40, 80, frames=1)
    crop = BicubicRandomCrop(scale=40, size=38)
    corners = {tuple(crop(results_of(imgs))['crop_box'][0, :2]) for _ in range(2000)}
    assert corners == {(x, y) for x in range(43) for y in range(3)}


def test_bad_arguments():
    with pytest.raises(ValueError, match='1 <= `size` <= `scale`, but got 224, 200'):
        BicubicRandomCrop(scale=200)
    with pytest.raises(ValueError, match='`size` to be at least 1, but got 0'):
        BicubicResize(0)
