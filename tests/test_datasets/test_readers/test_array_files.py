import doctest
from fractions import Fraction

import numpy as np
import pytest
import torch

from mmavssl.datasets.readers import array_files
from mmavssl.datasets.readers.array_files import ArrayAudio, ArrayVideo
from mmavssl.utils.errors import DataError

FRAMES = np.arange(4 * 6 * 5 * 3, dtype=np.uint8).reshape(4, 6, 5, 3)


def test_frames_are_shown_at_their_rate():
    video = ArrayVideo('v', FRAMES, 8)
    assert (video.num_frames, video.clock.fps, video.clock.duration) == (4, 8.0, 0.5)
    assert video.clock.index_at(np.array([0.0, 0.13, 0.49, 9.0])).tolist() == [0, 1, 3, 3]
    np.testing.assert_array_equal(video.frames(np.array([[3, 1]])), FRAMES[[3, 1]])


@pytest.mark.parametrize(
    'rate', [Fraction(8), torch.tensor(8.0), np.array(8), np.float32(8), torch.tensor([8])]
)
def test_numbers_and_tensors_of_any_kind(rate):
    """PyAV gives rates as fractions; networks give what requires a gradient."""
    video = ArrayVideo('v', torch.from_numpy(FRAMES), rate)
    assert (video.clock.fps, type(video.clock.fps)) == (8.0, float)
    np.testing.assert_array_equal(video.frames(np.array([2])), FRAMES[[2]])
    samples = torch.linspace(0, 1, 800, dtype=torch.bfloat16, requires_grad=True)
    sound = ArrayAudio('a', samples, rate * 1000, 8000)
    np.testing.assert_array_equal(sound.waveform, samples.detach().float().numpy())


def test_windows_of_sound():
    samples = np.linspace(0.0, 1.0, 1600)
    sound = ArrayAudio('a', samples, 16000, 16000)
    assert (sound.has_audio, sound.start_time, sound.faults) == (True, 0, [])
    window = sound.window(-0.01, 0.04)
    assert (window[:160] == 0).all()
    np.testing.assert_allclose(window[160:], samples[:480], atol=1e-6)
    assert (sound.windows([0.0, 0.09], 0.02)[1, 160:] == 0).all()


def test_other_rates_and_several_channels():
    times = np.arange(4410) / 44100
    tone = np.sin(2 * np.pi * 440 * times)
    sound = ArrayAudio('a', np.stack([tone, 3 * tone]), 44100, 16000)
    expected = 2 * np.sin(2 * np.pi * 440 * np.arange(1600) / 16000)
    np.testing.assert_allclose(sound.waveform[50:-50], expected[50:-50], atol=0.02)


def test_no_sound():
    assert not ArrayAudio('a', None, None, 16000).has_audio
    assert not ArrayAudio('a', np.zeros(0), 16000, 16000).has_audio


@pytest.mark.parametrize(
    ('frames', 'fps', 'message'),
    [
        (FRAMES[..., :2], 8, r'v: expected `video` to be uint8 .*\(4, 6, 5, 2\)'),
        (FRAMES.astype(float), 8, 'float64'),
        (FRAMES[:0], 8, r'\(0, 6, 5, 3\)'),
        (FRAMES[0], 8, r'\(6, 5, 3\)'),
        (FRAMES, 0, 'v: expected `fps` to be frames a second, but got 0'),
        (FRAMES, np.inf, 'got inf'),
        (FRAMES, None, 'got None'),
        (FRAMES, '8', "but got '8'"),
        (FRAMES, np.array([8, 8]), r'but got array\(\[8, 8\]\)'),
        ([[1], [1, 2]], 8, 'v: `video` is no array: '),
    ],
)
def test_what_is_no_video(frames, fps, message):
    with pytest.raises(DataError, match=message):
        ArrayVideo('v', frames, fps)


@pytest.mark.parametrize(
    ('samples', 'rate', 'message'),
    [
        (np.zeros(9, np.int16), 16000, r'a: expected `audio` to be a float .*int16 \(9,\)'),
        (np.zeros((1, 2, 3)), 16000, r'\(1, 2, 3\)'),
        (np.zeros((9, 2)), 16000, r'to be \(channels, S\), but got \(9, 2\).* Transpose it'),
        (np.full(9, np.nan), 16000, 'not finite'),
        (np.zeros(9), None, 'a: expected `sample_rate` .* but got None'),
        (np.zeros(9), 16000.5, 'got 16000.5'),
        (np.zeros(9), 7, '7 samples a second'),
    ],
)
def test_what_is_no_sound(samples, rate, message):
    with pytest.raises(DataError, match=message):
        ArrayAudio('a', samples, rate, 16000)


def test_examples():
    assert doctest.testmod(array_files).failed == 0
