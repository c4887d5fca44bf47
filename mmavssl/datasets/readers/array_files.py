"""Frames and sound that are in memory, in the place of files."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torchaudio.functional import resample

from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.datasets.readers.media import check_sample_rate
from mmavssl.datasets.readers.pyav_decoder import SizeOf
from mmavssl.utils.errors import DataError


class ArrayVideo:
    """Frames in the place of a `VideoFile`.

    Args:
        path: what messages call them.
        frames: (T, H, W, 3), RGB, uint8; an array or a tensor.
        fps: frames a second; a number of any kind.

    Raises:
        DataError: an array of another kind, or a rate that is none.
    """

    def __init__(self, path: str, frames: Any, fps: Any) -> None:
        frames = as_array(path, 'video', frames)
        is_video = frames.dtype == np.uint8 and frames.ndim == 4 and frames.shape[3] == 3
        if not is_video or 0 in frames.shape:
            raise DataError(
                f'{path}: expected `video` to be uint8 frames (T, H, W, 3), RGB, but got '
                f'{frames.dtype} {frames.shape}.'
            )
        rate = as_number(fps)
        if not (np.isfinite(rate) and rate > 0):
            raise DataError(f'{path}: expected `fps` to be frames a second, but got {fps!r}.')
        self.path = path
        self.all_frames = frames
        #: What is wrong with it: nothing.
        self.faults: list[str] = []
        self.clock = FrameClock([None] * len(frames), rate)

    @property
    def num_frames(self) -> int:
        """Number of frames."""
        return len(self.all_frames)

    def request(self, indices: np.ndarray) -> None:
        """Do nothing: a file gathers here what one pass decodes."""

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return frames (T, H, W, 3), RGB, uint8."""
        return self.all_frames[np.ravel(indices)]

    def play(self, shown: range, size_of: SizeOf) -> Iterator[np.ndarray]:
        """Yield none, where a file has those that one pass decodes: all of them are there."""
        return iter(())


class ArrayAudio(AudioFile):
    """A waveform in the place of an `AudioFile`; it begins with the first frame.

    Args:
        path: what messages call it.
        waveform: (S,), or (channels, S), whose mean is heard; float, an array or a tensor. None:
            there is no sound.
        rate: samples a second; a number of any kind.
        sample_rate: that it is resampled to.

    Raises:
        DataError: an array of another kind, or a rate that is none.
    """

    def __init__(self, path: str, waveform: Any, rate: Any, sample_rate: int) -> None:
        # No file is opened: all that the base asks of one is here.
        self.path, self.sample_rate = path, sample_rate
        self.faults: list[str] = []
        self._times = None
        self._whole = 0, np.zeros(0, np.float32)
        if waveform is not None:
            samples = as_array(path, 'audio', waveform)
            self._whole = 0, resampled(path, samples, rate, sample_rate)

    @property
    def has_audio(self) -> bool:
        """Whether there is any sample."""
        return len(self._whole[1]) > 0


def as_array(path: str, name: str, values: Any) -> np.ndarray:
    """Return an array of what is one, a tensor, or nested lists.

    Args:
        path: what messages call it.
        name: what it is given by.
        values: the array; of a tensor, neither device nor gradient matters.

    Raises:
        DataError: lists of unequal lengths.
    """
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        return (values.float() if values.is_floating_point() else values).numpy()
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f'{path}: `{name}` is no array: {error}.') from None


def as_number(value: Any) -> float:
    """Return a number, whether it is a fraction, an array or a tensor; NaN for what is none.

    >>> from fractions import Fraction
    >>> as_number(Fraction(30, 4)), as_number(np.array(25)), as_number('25')
    (7.5, 25.0, nan)
    """
    if isinstance(value, str | bytes):
        return np.nan
    try:
        return float(value.item() if hasattr(value, 'item') else value)
    except (TypeError, ValueError, ArithmeticError, RuntimeError):  # such as of several numbers
        return np.nan


def resampled(path: str, waveform: np.ndarray, rate: Any, sample_rate: int) -> np.ndarray:
    """Return the mean over channels (S,), float32, at another rate; arguments as `ArrayAudio`."""
    if waveform.dtype.kind != 'f' or waveform.ndim not in (1, 2):
        raise DataError(
            f'{path}: expected `audio` to be a float waveform (S,) or (channels, S), but got '
            f'{waveform.dtype} {waveform.shape}. Divide integers by their greatest value.'
        )
    if waveform.ndim == 2 and waveform.shape[0] > waveform.shape[1]:
        raise DataError(
            f'{path}: expected `audio` to be (channels, S), but got {waveform.shape}, which has '
            'more channels than samples. Transpose it: `audio.T`.'
        )
    samples_a_second = as_number(rate)
    if not samples_a_second.is_integer():
        raise DataError(
            f'{path}: expected `sample_rate` to be samples a second of `audio`, but got {rate!r}.'
        )
    samples_a_second = int(samples_a_second)
    check_sample_rate(path, samples_a_second)
    mono = waveform.mean(axis=0) if waveform.ndim == 2 else waveform
    if not np.isfinite(mono).all():
        raise DataError(f'{path}: `audio` has samples that are not finite. Correct them.')
    return resample(torch.from_numpy(np.float32(mono)), samples_a_second, sample_rate).numpy()
