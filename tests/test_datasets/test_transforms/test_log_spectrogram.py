from pathlib import Path

import numpy as np
import pytest
import torch

from mmavssl.datasets.transforms import LogSpectrogram
from mmavssl.datasets.transforms.log_spectrogram import HOP, SCALE, WINDOW, log_density
from mmavssl.utils.errors import ConfigError

FIXTURE = Path(__file__).resolve().parents[2] / 'data/parity_fnac.npz'


def as_16_bit_file(waveform: np.ndarray) -> np.ndarray:
    """What FNAC's loader reads of a waveform that was written to a 16-bit WAV file."""
    return np.round(waveform.astype(np.float64) * 32767) / 32767


@pytest.mark.parametrize('seconds', ['2.56s', '5.12s'])
def test_equals_the_original_front_end(seconds, formula_waveform):
    reference = np.load(FIXTURE)[f'e/{seconds}/log_spectrogram_stride4']
    waveform = as_16_bit_file(formula_waveform)
    if seconds == '5.12s':  # the fixture's second half is the first one backwards
        waveform = np.concatenate([waveform, waveform[::-1]])
    out = LogSpectrogram()({'waveform': waveform[None]})['spectrogram']
    assert out.shape == (1, 257, 200)
    assert out.dtype == torch.float32
    np.testing.assert_allclose(out[0, ::4, ::4].numpy() * SCALE, reference, rtol=0, atol=1e-5)


def test_density_against_a_slow_fourier_sum():
    waveform = np.random.default_rng(0).standard_normal(WINDOW + HOP)
    position = np.arange(WINDOW) / WINDOW
    taper = np.ones(WINDOW)
    for i, p in enumerate(position):
        if p < 0.125:
            taper[i] = 0.5 * (1 + np.cos(np.pi * (8 * p - 1)))
        elif p > 0.875:
            taper[i] = 0.5 * (1 + np.cos(np.pi * (8 * p - 7)))
    ours = log_density(torch.from_numpy(waveform)[None])[0].numpy()
    assert ours.shape == (257, 2)
    for frame, start in enumerate((0, HOP)):
        part = waveform[start : start + WINDOW]
        part = (part - part.mean()) * taper
        for k in (0, 1, 100, 255, 256):
            total = sum(part[n] * np.exp(-2j * np.pi * k * n / WINDOW) for n in range(WINDOW))
            density = abs(total) ** 2 / (16000 * sum(taper**2)) * (1 if k in (0, 256) else 2)
            assert ours[k, frame] == pytest.approx(np.log(density + 1e-7) / 12, abs=1e-9)


@pytest.mark.parametrize(('rate', 'windows'), [(16000, 200), (22050, 276), (44100, 554)])
def test_sample_rate(rate, windows):
    """More windows, and values that shift by -ln(rate) where the samples are the same."""
    waveform = 1e4 * np.random.default_rng(0).standard_normal((1, 3 * rate))  # far above the floor
    out = LogSpectrogram()({'waveform': waveform, 'sample_rate': rate})['spectrogram']
    assert out.shape == (1, 257, windows)
    at_16k = log_density(torch.from_numpy(waveform), 16000).float()
    shift = -np.log(rate / 16000) / SCALE
    torch.testing.assert_close(out[:, 1:], at_16k[:, 1:] + shift, atol=1e-4, rtol=0)


def test_short_sound_is_repeated_and_long_sound_cut_around_its_middle():
    sound = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    transform = LogSpectrogram(seconds=0.04)
    for given, used in (
        (sound, sound[180:820]),
        (sound[:300], np.r_[sound[:300], sound[:300], sound[:40]]),
    ):
        spectrogram = transform({'waveform': given[None]})['spectrogram']
        torch.testing.assert_close(spectrogram, log_density(torch.from_numpy(used[None])).float())


def test_silence_is_the_floor():
    out = LogSpectrogram()({'waveform': np.zeros((2, 100), np.float32)})['spectrogram']
    torch.testing.assert_close(out, torch.full((2, 257, 200), np.log(1e-7) / 12).float())


def test_rejects_less_than_a_window():
    sound = {'waveform': np.zeros((1, 100), np.float32)}
    with pytest.raises(ConfigError, match=r'at least 0\.032, one window at 16000 Hz, but'):
        LogSpectrogram(seconds=0.01)(sound)
    with pytest.raises(ConfigError, match=r'at least 0\.064, one window at 8000 Hz, but'):
        LogSpectrogram(seconds=0.04)({**sound, 'sample_rate': 8000})
    with pytest.raises(ValueError, match='`seconds` to be positive, but got 0'):
        LogSpectrogram(seconds=0)
