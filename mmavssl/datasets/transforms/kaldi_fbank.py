"""Kaldi's log-mel filter banks, as torchaudio computes them, at a third of its time."""

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torchaudio.compliance.kaldi import get_mel_banks

from mmavssl.structures.audio_front_end import FRAME_LENGTH_MS, FRAME_SHIFT_MS, SAMPLE_RATE

LENGTH = SAMPLE_RATE * FRAME_LENGTH_MS // 1000
STEP = SAMPLE_RATE * FRAME_SHIFT_MS // 1000
NUM_FFT = 2 ** (LENGTH - 1).bit_length()
PREEMPHASIS = 0.97
LOWEST_HZ = 20.0
NO_WARPING = (100.0, -500.0, 1.0)
FLOOR = np.finfo(np.float32).eps


def kaldi_fbank(waveform: np.ndarray, num_mel_bins: int) -> np.ndarray:
    """Return the log-mel (T_a, F) of a waveform (S,), with Hann windows of 25 ms every 10 ms.

    It is that of ``torchaudio.compliance.kaldi.fbank`` with AST's settings: no dither, means of
    windows subtracted, pre-emphasis 0.97. In float32, nearly silent bins differ by up to 3e-3 from
    one kind of CPU to another, so all of it is float64.

    Args:
        waveform: of at least 25 ms at 16 kHz, any float type.
        num_mel_bins: F.
    """
    signal = np.float64(waveform)
    emphasized = signal.copy()
    emphasized[1:] -= PREEMPHASIS * signal[:-1]
    windows = sliding_window_view(signal, LENGTH)[::STEP]
    means = windows.mean(axis=1)
    # Pre-emphasis of a window less its mean is that of the whole signal, but for a constant and
    # for the first sample, before which its own value stands.
    frames = sliding_window_view(emphasized, LENGTH)[::STEP] - (1 - PREEMPHASIS) * means[:, None]
    frames[:, 0] = (1 - PREEMPHASIS) * (windows[:, 0] - means)
    frames *= np.hanning(LENGTH)
    spectrum = np.fft.rfft(frames, NUM_FFT)
    power = spectrum.real**2
    power += spectrum.imag**2
    energies = torch.from_numpy(power) @ mel_banks(num_mel_bins)
    return np.log(np.maximum(energies.numpy(), FLOOR))


@lru_cache
def mel_banks(num_mel_bins: int) -> Tensor:
    """Return the weights (FFT bins, F) of the mel bins.

    A tensor, as NumPy would multiply by threads, of which each worker would have as many as there
    are cores; torch keeps to those that it is told.
    """
    banks, _ = get_mel_banks(num_mel_bins, NUM_FFT, SAMPLE_RATE, LOWEST_HZ, 0.0, *NO_WARPING)
    # Kaldi leaves out the bin of half the sample rate.
    return F.pad(banks.double(), (0, 1)).T.contiguous()
