"""Open a media file once; read frames and sound from it, or say what is wrong with the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import decord
import numpy as np

from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import DataError

decord.logging.set_level(decord.logging.QUIET)
av.logging.set_level(None)


def check_file(path: str | Path) -> None:
    """Raise a DataError if the file is missing or empty."""
    path = Path(path)
    if not path.is_file():
        folder = path.parent
        while not folder.is_dir():
            folder = folder.parent
        raise DataError(f'{path} does not exist (the folder {folder} does). Check `data_root`.')
    if path.stat().st_size == 0:
        raise DataError(f'{path} is empty (0 bytes). Fetch or convert it again.')


@contextmanager
def media_errors(path: str, what: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a DataError that names the file."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # decord and PyAV raise many unrelated types
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else repr(error)
        raise DataError(f'{path}: cannot read {what}: {reason[:200]}') from error


class VideoFile:
    """Frames of a video file, by decord.

    Args:
        path: video file.

    Raises:
        DataError: missing, empty or undecodable file, or one without frames.
    """

    def __init__(self, path: str) -> None:
        check_file(path)
        self.path = path
        with media_errors(path, 'video'):
            self._reader = decord.VideoReader(path, num_threads=1)
            self.num_frames = len(self._reader)
            self.fps = float(self._reader.get_avg_fps())
            if self.num_frames < 1:
                raise DataError(f'{path} has no video frame.')
            # Time of the first frame on the clock that video and sound share.
            self.start_time = float(self._reader.get_frame_timestamp(0)[0])
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise DataError(f'{path}: the frame rate is {self.fps}; convert the file.')

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return frames (T, H, W, 3), RGB, uint8."""
        with media_errors(self.path, f'frames {int(min(indices))} to {int(max(indices))}'):
            return self._reader.get_batch(list(map(int, indices))).asnumpy()


class DecodedVideo(VideoFile):
    """All frames of a short video file in memory, for data sets that fit (see `OpenAVFile`)."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._frames = super().frames(np.arange(self.num_frames))
        del self._reader

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return frames (T, H, W, 3), RGB, uint8."""
        return self._frames[indices]


class AudioFile:
    """The whole sound of a file as a 16 kHz mono waveform on the file's own clock, by PyAV.

    Decoding it once serves all views of the sample, and needs no seeking, which is inexact for
    compressed sound.

    Args:
        path: video or sound file.

    Raises:
        DataError: missing, empty or undecodable file.
    """

    def __init__(self, path: str) -> None:
        check_file(path)
        self.path = path
        with media_errors(path, 'sound'):
            self._waveform, self.start_time = _decode_audio(path)

    @property
    def has_audio(self) -> bool:
        """Whether the file has a sound track with at least one sample."""
        return len(self._waveform) > 0

    def window(self, start: float, seconds: float) -> np.ndarray:
        """Return the samples of ``[start, start + seconds)`` on the file's clock.

        Where the sound begins later or ends earlier, there is silence (zeros).
        """
        length = round(seconds * SAMPLE_RATE)
        first = round((start - self.start_time) * SAMPLE_RATE)
        window = np.zeros(length, np.float32)
        begin, end = max(first, 0), min(first + length, len(self._waveform))
        if begin < end:
            window[begin - first : end - first] = self._waveform[begin:end]
        return window


def _decode_audio(path: str) -> tuple[np.ndarray, float]:
    with av.open(path) as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32), 0.0
        resampler = av.AudioResampler(format='flt', layout='mono', rate=SAMPLE_RATE)
        parts, start_time = [], None
        for frame in container.decode(audio=0):
            if start_time is None:
                start_time = float(frame.time or 0.0)
            parts += [out.to_ndarray().reshape(-1) for out in resampler.resample(frame)]
        parts += [out.to_ndarray().reshape(-1) for out in resampler.resample(None)]
    waveform = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return waveform.astype(np.float32, copy=False), start_time or 0.0
