import colorsys

import numpy as np
import pytest

from mmavssl.datasets.transforms import ColorJitter
from mmavssl.utils.random import isolated_rng


def jitter(imgs, seed=0, **kwargs):
    with isolated_rng(seed):
        return ColorJitter(**kwargs)({'imgs': imgs})['imgs']


def noise(num_frames=4):
    frame = np.random.RandomState(0).randint(0, 256, (1, 24, 32, 3), np.uint8)
    return frame.repeat(num_frames, axis=0)


def hue_of(pixel):
    return colorsys.rgb_to_hsv(*(pixel / 255))[0]


ALL = {'brightness': 0.4, 'contrast': 0.4, 'saturation': 0.4, 'hue': 0.1}


def test_all_frames_get_the_same_draw_and_the_input_stays():
    imgs = noise()
    before, outputs = imgs.copy(), []
    for seed in range(6):
        out = jitter(imgs, seed, **ALL)
        assert (out.dtype, out.shape) == (np.uint8, imgs.shape)
        assert (out == out[:1]).all()
        assert not np.array_equal(out, imgs)
        outputs.append(out[0])
    np.testing.assert_array_equal(imgs, before)
    assert all(not np.array_equal(outputs[0], other) for other in outputs[1:])


def test_seed_decides():
    np.testing.assert_array_equal(jitter(noise(), 3, **ALL), jitter(noise(), 3, **ALL))


def test_nothing_to_jitter_changes_nothing():
    np.testing.assert_array_equal(jitter(noise()), noise())


def test_brightness_is_a_factor_within_its_range():
    grey = np.full((2, 8, 8, 3), 100, np.uint8)
    factors = [jitter(grey, seed, brightness=0.4)[0, 0, 0, 0] / 100 for seed in range(60)]
    assert 0.6 <= min(factors) < 0.7
    assert 1.3 < max(factors) <= 1.4


def test_contrast_keeps_an_even_grey_and_saturation_any_grey():
    grey = np.full((2, 8, 8, 3), 100, np.uint8)
    np.testing.assert_array_equal(jitter(grey, contrast=0.5), grey)
    ramp = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1).repeat(3, axis=3)
    assert np.abs(jitter(ramp, saturation=0.5).astype(int) - ramp).max() <= 1


@pytest.mark.parametrize('seed', range(3))
def test_hue_0_keeps_the_hue_and_others_turn_it(seed):
    pixel = np.array([180, 90, 40])
    imgs = np.tile(pixel.astype(np.uint8), (2, 8, 8, 1))
    kept = jitter(imgs, seed, brightness=0.3, saturation=0.3)[0, 0, 0]
    assert not np.array_equal(kept, pixel)
    assert hue_of(kept) == pytest.approx(hue_of(pixel), abs=0.01)
    turned = jitter(imgs, seed, hue=0.5)[0, 0, 0]
    shift = abs(hue_of(turned) - hue_of(pixel))
    assert 0.02 < min(shift, 1 - shift) <= 0.5
    assert turned.max() == pytest.approx(180, abs=2)


def test_bad_range():
    with pytest.raises(ValueError, match='hue'):
        ColorJitter(hue=0.7)
