"""Linear-frequency spectrogram that the official weights of FNAC and EZ-VSL hear."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from torch import Tensor

from mmavssl.datasets.transforms.frame_and_sound import middle_of
from mmavssl.registry import TRANSFORMS
from mmavssl.structures.audio_front_end import SAMPLE_RATE

WINDOW = 512
HOP = 238
TAPER = 0.25
FLOOR = 1e-7
SCALE = 12.0


@TRANSFORMS.register_module()
class LogSpectrogram(BaseTransform):
    """Log of the power spectral density, ``spectrogram`` (K, 257, T), as FNAC and EZ-VSL make it.

    Windows of 512 samples every 238, each without its mean, under a periodic Tukey window; the
    natural log of the one-sided density, divided by 12. ``seconds`` are taken from the middle of
    the waveform, which is repeated if it is shorter.

    For localizers with ``audio_input='spectrogram'``; put it where ``waveform`` is, after
    `LoadAVClip`, whatever other front end the recognizer has.

    Args:
        seconds: length of the sound; 3 s give T = 200, what the official weights were trained on.

    Raises:
        ValueError: shorter than one window (32 ms).
    """

    def __init__(self, seconds: float = 3.0) -> None:
        self.num_samples = int(seconds * SAMPLE_RATE)
        if self.num_samples < WINDOW:
            raise ValueError(
                f'Expected `seconds` to be at least {WINDOW / SAMPLE_RATE}, but got {seconds!r}.'
            )

    def transform(self, results: dict) -> dict:
        """Compute the spectrograms."""
        sounds = [middle_of(waveform, self.num_samples) for waveform in results['waveform']]
        results['spectrogram'] = log_density(torch.from_numpy(np.stack(sounds))).float()
        return results


def log_density(waveforms: Tensor) -> Tensor:
    """Return the scaled log of the power spectral density (K, 257, T) of waveforms (K, S)."""
    windows = waveforms.double().unfold(-1, WINDOW, HOP)
    windows = windows - windows.mean(dim=-1, keepdim=True)
    taper = tukey_window()
    power = torch.fft.rfft(windows * taper).abs().square() / (SAMPLE_RATE * taper.square().sum())
    power[..., 1:-1] *= 2  # what lies at negative frequencies
    return (power + FLOOR).log().transpose(-1, -2) / SCALE


def tukey_window() -> Tensor:
    """Return the periodic Tukey window: flat, with cosine slopes over a quarter of its length."""
    position = torch.arange(WINDOW, dtype=torch.float64) / WINDOW
    from_edge = torch.minimum(position, 1 - position).clamp(max=TAPER / 2)
    return 0.5 * (1 - torch.cos(2 * torch.pi * from_edge / TAPER))
