"""Frames and sound that are in memory, in the place of files."""

import numpy as np
import torch
from torchaudio.functional import resample

from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.datasets.readers.media import check_sample_rate
from mmavssl.utils.errors import DataError


class ArrayVideo:
    """Frames in the place of a `VideoFile`.

    Args:
        path: what messages call them.
        frames: (T, H, W, 3), RGB, uint8.
        fps: frames a second.

    Raises:
        DataError: an array of another kind, or a rate that is none.
    """

    def __init__(self, path: str, frames: np.ndarray, fps: float) -> None:
        frames = np.asarray(frames)
        is_video = frames.dtype == np.uint8 and frames.ndim == 4 and frames.shape[3] == 3
        if not is_video or 0 in frames.shape:
            raise DataError(
                f'{path}: expected `video` to be uint8 frames (T, H, W, 3), RGB, but got '
                f'{frames.dtype} {frames.shape}.'
            )
        if not (np.isscalar(fps) and np.isfinite(fps) and fps > 0):
            raise DataError(f'{path}: expected `fps` to be frames a second, but got {fps!r}.')
        self.path = path
        self.all_frames = frames
        #: What is wrong with it: nothing.
        self.faults: list[str] = []
        self.clock = FrameClock([None] * len(frames), float(fps))

    @property
    def num_frames(self) -> int:
        """Number of frames."""
        return len(self.all_frames)

    def request(self, indices: np.ndarray) -> None:
        """Do nothing: a file gathers here what one pass decodes."""

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return frames (T, H, W, 3), RGB, uint8."""
        return self.all_frames[np.ravel(indices)]


class ArrayAudio(AudioFile):
    """A waveform in the place of an `AudioFile`; it begins with the first frame.

    Args:
        path: what messages call it.
        waveform: (S,), or (channels, S), whose mean is heard; float. None: there is no sound.
        rate: samples a second.
        sample_rate: that it is resampled to.

    Raises:
        DataError: an array of another kind, or a rate that is none.
    """

    def __init__(
        self, path: str, waveform: np.ndarray | None, rate: float | None, sample_rate: int
    ) -> None:
        # No file is opened: all that the base asks of one is here.
        self.path, self.sample_rate = path, sample_rate
        self.faults: list[str] = []
        self._times = None
        self._whole = 0, np.zeros(0, np.float32)
        if waveform is not None:
            self._whole = 0, resampled(path, np.asarray(waveform), rate, sample_rate)

    @property
    def has_audio(self) -> bool:
        """Whether there is any sample."""
        return len(self._whole[1]) > 0


def resampled(
    path: str, waveform: np.ndarray, rate: float | None, sample_rate: int
) -> np.ndarray:
    """Return the mean over channels (S,), float32, at another rate; arguments as `ArrayAudio`."""
    if waveform.dtype.kind != 'f' or waveform.ndim not in (1, 2):
        raise DataError(
            f'{path}: expected `audio` to be a float waveform (S,) or (channels, S), but got '
            f'{waveform.dtype} {waveform.shape}. Divide integers by their greatest value.'
        )
    if not isinstance(rate, int | float | np.number) or rate != int(rate):
        raise DataError(
            f'{path}: expected `sample_rate` to be samples a second of `audio`, but got {rate!r}.'
        )
    check_sample_rate(path, int(rate))
    mono = waveform.mean(axis=0) if waveform.ndim == 2 else waveform
    if not np.isfinite(mono).all():
        raise DataError(f'{path}: `audio` has samples that are not finite. Correct them.')
    return resample(torch.from_numpy(np.float32(mono)), int(rate), sample_rate).numpy()
