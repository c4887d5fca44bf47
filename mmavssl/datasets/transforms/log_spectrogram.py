"""Linear-frequency spectrogram that the official weights of FNAC and EZ-VSL hear."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from torch import Tensor

from mmavssl.datasets.transforms.frame_and_sound import middle_of
from mmavssl.registry import TRANSFORMS
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import check_range

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

    Their code takes every file at its own sample rate, and nobody says which that was for the
    published weights: EZ-VSL's paper has 22,050 Hz. The sound has the rate of `OpenAVFile`, 16 kHz
    by default. Of 3 s it makes T = 200 windows (276 at 22,050 Hz, 554 at 44,100 Hz); a bin is
    rate / 512 Hz wide, and as a density falls with the rate, all values above the floor of silence
    shift by -ln(rate) / 12.

    Args:
        seconds: length of the sound.

    Raises:
        ValueError: it is not positive.
    """

    def __init__(self, seconds: float = 3.0) -> None:
        check_range('seconds', seconds, above=0, high=3600)
        self.seconds = seconds

    def transform(self, results: dict) -> dict:
        """Compute the spectrograms.

        Raises:
            ConfigError: the sound is shorter than one window.
        """
        rate = results.get('sample_rate', SAMPLE_RATE)
        num_samples = int(self.seconds * rate)
        if num_samples < WINDOW:
            raise ConfigError(
                f'Expected `seconds` of LogSpectrogram to be at least {WINDOW / rate:.3g}, one '
                f'window at {rate} Hz, but got {self.seconds!r}.'
            )
        sounds = [middle_of(waveform, num_samples) for waveform in results['waveform']]
        results['spectrogram'] = log_density(torch.from_numpy(np.stack(sounds)), rate).float()
        return results


def log_density(waveforms: Tensor, rate: int = SAMPLE_RATE) -> Tensor:
    """Return the scaled log of the power spectral density (K, 257, T) of waveforms (K, S).

    Args:
        waveforms: in [-1, 1].
        rate: their sample rate, in Hz.
    """
    windows = waveforms.double().unfold(-1, WINDOW, HOP)
    windows = windows - windows.mean(dim=-1, keepdim=True)
    taper = tukey_window()
    power = torch.fft.rfft(windows * taper).abs().square() / (rate * taper.square().sum())
    power[..., 1:-1] *= 2  # what lies at negative frequencies
    return (power + FLOOR).log().transpose(-1, -2) / SCALE


def tukey_window() -> Tensor:
    """Return the periodic Tukey window: flat, with cosine slopes over a quarter of its length."""
    position = torch.arange(WINDOW, dtype=torch.float64) / WINDOW
    from_edge = torch.minimum(position, 1 - position).clamp(max=TAPER / 2)
    return 0.5 * (1 - torch.cos(2 * torch.pi * from_edge / TAPER))
