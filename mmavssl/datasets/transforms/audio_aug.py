"""Log-mel front end of AST, and SpecAugment."""

import numpy as np
import torch
import torch.nn.functional as F
from mmcv.transforms import BaseTransform
from torch import Tensor
from torchaudio.transforms import FrequencyMasking, TimeMasking

from mmavssl.datasets.transforms.kaldi_fbank import LENGTH, kaldi_fbank
from mmavssl.registry import TRANSFORMS
from mmavssl.structures.audio_front_end import AUDIOSET_MEAN, AUDIOSET_STD, SAMPLE_RATE
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import MAX_WIDTH, check_counts, check_range


def normalize(logmel: Tensor, mean: float = AUDIOSET_MEAN, std: float = AUDIOSET_STD) -> Tensor:
    """Return ``(x - mean) / (2 std)``, as AST does."""
    return (logmel - mean) / (2 * std)


@TRANSFORMS.register_module()
class LogMel(BaseTransform):
    """Kaldi log-mel filter banks of the waveform (K, S) -> ``audio`` (K, T_a, F), normalized.

    The mean of the waveform is subtracted; a log-mel shorter than ``target_frames`` is padded with
    zeros before it is normalized, a longer one is cut, as in AST's code. Also adds
    ``audio_zero``, what such a zero has become, for `SpecAugment`.

    Args:
        num_mel_bins: F.
        target_frames: T_a; 10 ms each.
        norm_mean: mean of log-mels.
        norm_std: their standard deviation.
    """

    def __init__(
        self,
        num_mel_bins: int = 128,
        target_frames: int = 256,
        norm_mean: float = AUDIOSET_MEAN,
        norm_std: float = AUDIOSET_STD,
    ) -> None:
        check_counts(num_mel_bins=num_mel_bins)
        check_counts(MAX_WIDTH, target_frames=target_frames)
        check_range('norm_std', norm_std, above=0)
        self.num_mel_bins = num_mel_bins
        self.target_frames = target_frames
        self.norm_mean = norm_mean
        self.norm_std = norm_std

    def transform(self, results: dict) -> dict:
        """Compute the log-mels.

        Raises:
            ConfigError: sound of another sample rate than 16 kHz, or too short.
        """
        rate = results.get('sample_rate', SAMPLE_RATE)
        if rate != SAMPLE_RATE:
            raise ConfigError(
                f'LogMel takes sound of {SAMPLE_RATE} Hz, but OpenAVFile has `sample_rate`={rate}.'
            )
        logmels = self.fbanks(results['waveform'])
        results['audio'] = normalize(logmels, self.norm_mean, self.norm_std)
        results['audio_zero'] = -self.norm_mean / (2 * self.norm_std)
        return results

    def fbanks(self, waveforms: np.ndarray) -> Tensor:
        """Return the log-mels (K, T_a, F) of waveforms (K, S), not normalized.

        Raises:
            ConfigError: the waveforms are shorter than one window of 25 ms.
        """
        length = waveforms.shape[1]
        if length < LENGTH:
            raise ConfigError(
                f'Expected at least {LENGTH} samples (25 ms) of sound, but got '
                f'{length}. Raise `audio_seconds` of LoadAVClip.'
            )
        kept = np.stack(
            [
                kaldi_fbank(signal, self.num_mel_bins)[: self.target_frames]
                for signal in waveforms - waveforms.mean(axis=1, keepdims=True, dtype=np.float64)
            ]
        )
        padding = self.target_frames - kept.shape[1]
        return F.pad(torch.from_numpy(np.float32(kept)), (0, 0, 0, padding))


@TRANSFORMS.register_module()
class SpecAugment(BaseTransform):
    """Blank one band of frequencies and one of time (Park et al., 2019), as AST does.

    The bands get what zero was before `LogMel` normalized it.

    Args:
        freq_mask: greatest width of the band in mel bins (exclusive).
        time_mask: greatest width in frames (exclusive).
        keep_clean: keep the log-mel as it was in ``audio_clean``, for the localizer.
    """

    def __init__(self, freq_mask: int = 48, time_mask: int = 51, keep_clean: bool = False) -> None:
        self.masks = (FrequencyMasking(freq_mask), TimeMasking(time_mask))
        self.keep_clean = keep_clean

    def transform(self, results: dict) -> dict:
        """Blank the bands.

        Raises:
            ConfigError: a band may be wider than the log-mel.
        """
        audio = results['audio']
        for mask, name, size in zip(
            self.masks, ('freq_mask', 'time_mask'), (audio.shape[2], audio.shape[1]), strict=True
        ):
            if mask.mask_param > size:
                raise ConfigError(
                    f'Expected `{name}` of SpecAugment to be at most {size}, the size of the '
                    f'log-mel, but got {mask.mask_param}.'
                )
        if self.keep_clean:
            results['audio_clean'] = audio
        spectrogram = audio.transpose(1, 2)  # torchaudio has frequencies first
        for mask in self.masks:
            spectrogram = mask(spectrogram, mask_value=results['audio_zero'])
        results['audio'] = spectrogram.transpose(1, 2)
        return results
