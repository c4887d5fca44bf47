import colorsys

import numpy as np
import pytest

from mmavssl.datasets.avsprites.drawing import Sprite, add_noise, draw_background, draw_colours
from mmavssl.datasets.avsprites.motions import MOTIONS
from mmavssl.datasets.avsprites.shapes import SHADES, SHAPES

WHITE = dict.fromkeys(SHADES, (255, 255, 255))


def sprite(shape, motion='spin', centre=(40.0, 40.0), tilt=0.2):
    phase = np.linspace(0, 0.9, 7)
    return Sprite(shape, WHITE, 13.0, np.tile(centre, (7, 1)), MOTIONS[motion](phase), tilt)


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('motion', MOTIONS)
def test_box_encloses_exactly_what_is_painted(shape, motion):
    drawn = np.zeros((7, 80, 80, 3), np.uint8)
    it = sprite(shape, motion, centre=(33.4, 47.8))
    it.draw(drawn)
    for frame, box in zip(drawn[..., 0], it.boxes(80), strict=True):
        rows, columns = np.nonzero(frame >= 128)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(box, seen, atol=0.8)  # half a pixel each: rounding, edge


def test_box_is_clipped_to_the_frame():
    boxes = sprite('ball', centre=(2.0, 78.0)).boxes(80)
    assert (boxes[:, 0] == 0).all()
    assert (boxes[:, 3] == 80).all()
    assert (boxes[:, 2] < 16).all()


def test_ring_has_a_hole():
    drawn = np.zeros((7, 80, 80, 3), np.uint8)
    sprite('ring', 'pulse').draw(drawn)
    assert not drawn[:, 38:42, 38:42].any()


def test_subpixel_position_shifts_the_centre_of_mass():
    masses = []
    for x in (40.0, 40.5):
        drawn = np.zeros((7, 80, 80, 3), np.uint8)
        sprite('ball', 'pulse', centre=(x, 40.0)).draw(drawn)
        frame = drawn[0, ..., 0].astype(float)
        masses.append((frame.sum(axis=0) * (np.arange(80) + 0.5)).sum() / frame.sum())
    np.testing.assert_allclose(masses, [40.0, 40.5], atol=0.15)


def test_colours_keep_their_hue_and_differ_in_value():
    for seed in range(20):
        shades = draw_colours(0.61, np.random.default_rng(seed))
        hsv = {name: colorsys.rgb_to_hsv(*np.array(rgb) / 255) for name, rgb in shades.items()}
        assert all(abs(hue - 0.61) < 0.04 for hue, _, _ in hsv.values())
        assert hsv['dark'][2] < hsv['main'][2] - 0.3


def test_background_moves_slowly_and_is_dull():
    frames = draw_background(80, np.arange(48) / 16, np.random.default_rng(0))
    assert frames.shape == (48, 80, 80, 3)
    values = frames.astype(int)
    saturation = 1 - values.min(axis=3) / values.max(axis=3)
    assert saturation.mean() < 0.35
    assert values.std(axis=(1, 2)).mean() > 5
    steps = np.abs(np.diff(values, axis=0)).mean()
    assert 0 < steps < 3


def test_noise_has_the_asked_deviation():
    flat = np.full((12, 64, 64, 3), 128, np.uint8)
    noisy = add_noise(flat, 5.0, np.random.default_rng(0)).astype(int)
    assert noisy.std() == pytest.approx(5.0, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=0.2)
    assert (noisy[..., 0] == noisy[..., 2]).all()
    assert len({frame.tobytes() for frame in noisy}) == 12
    assert add_noise(flat, 0.0, np.random.default_rng(0)) is flat
    bright = add_noise(np.full_like(flat, 255), 5.0, np.random.default_rng(0))
    assert bright.min() > 200  # saturates instead of wrapping
