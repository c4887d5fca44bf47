"""Frames of video files."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from mmavssl.datasets.readers.decord_decoder import DecordDecoder
from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.datasets.readers.media import (
    MAX_CACHED,
    MAX_DECODED,
    check_frames,
    media_errors,
)
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.mpeg4_order import order_pictures
from mmavssl.datasets.readers.pyav_decoder import PyAVDecoder, SizeOf
from mmavssl.utils.errors import ConfigError, DataError

BACKENDS = ('pyav', 'decord')
# Up to this share of a file's frames may be missing, and of those that are asked for be damaged;
# their neighbours replace these.
MAX_DAMAGED = 0.5


class VideoFile:
    """The pictures of an open file.

    Which frames a file shows and when is told by its packets, whatever decodes them.

    Args:
        media: the file, or its path.
        backend: ``pyav``, or ``decord`` for the files that it reads exactly (see
            `decord_decoder`) and PyAV for the others. The frames are the same.

    Raises:
        ConfigError: unknown backend.
        DataError: no video, or less than half of its frames.
    """

    #: Of the frames that are decoded at a time.
    max_bytes = MAX_DECODED

    def __init__(self, media: MediaFile | str, backend: str = 'pyav') -> None:
        check_backend(backend)
        self.media = media if isinstance(media, MediaFile) else MediaFile(media, kinds=['video'])
        self.path = self.media.path
        #: What is wrong with it, where that is no reason to give up.
        self.faults: list[str] = []
        self._requested: set[int] = set()
        self._decoded: dict[int, np.ndarray] = {}
        if self.media.video is None:
            raise DataError(
                f'{self.path} has no video in it, only other streams. Name a video; a sound file '
                'has its place in the column `audio_path` of a list.'
            )
        with media_errors(self.path, 'video'):
            is_timed = self._order_packets()
            times = self._read_times()
            self._check_length()
            self._pyav = PyAVDecoder(
                self.media, times if is_timed else None, self.max_bytes
            )
            self._decord = None
            if backend == 'decord':
                self._decord = DecordDecoder.open(self.media, self.clock)

    @property
    def num_frames(self) -> int:
        """Number of frames that are shown."""
        return self.clock.num_frames

    @property
    def fps(self) -> float:
        """Frames a second, on average."""
        return self.clock.fps

    def request(self, indices: np.ndarray) -> None:
        """Say which frames `frames` will be asked for, so that one pass decodes all of them."""
        self._requested.update(np.ravel(indices).tolist())

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return frames (T, H, W, 3), RGB, uint8.

        Raises:
            DataError: more than half of them are damaged.
        """
        indices = np.ravel(indices).tolist()
        if not self._decoded.keys() >= set(indices):
            wanted = sorted(self._requested.union(indices))
            self._requested.clear()
            self._decoded = self._decode(wanted)
        return np.stack([self._decoded[index] for index in indices])

    def play(self, shown: range, size_of: SizeOf) -> Iterator[np.ndarray]:
        """Yield frames one by one, decoded in one pass, up to the first that is damaged.

        `frames` returns the others; it is not to be called before these have ended.

        Args:
            shown: their numbers, one after the other.
            size_of: height and width at which they are wanted, of their own.
        """
        with suppress(Exception):  # `frames` finds out what is wrong
            yield from self._pyav.play(shown, size_of)

    def _decode(self, wanted: list[int]) -> dict[int, np.ndarray]:
        context = self.media.video.stream.codec_context
        check_frames(self.path, len(wanted), context.width, context.height, self.max_bytes)
        if self._decord is not None:
            found = self._decord.decode(wanted)
            if found is not None:
                return found
            self._decord = None  # after an error its position is undefined
        with media_errors(self.path, f'frames {wanted[0]} to {wanted[-1]}'):
            found = self._pyav.decode(wanted)
            self._note_patched(wanted)
            return self._replace_damaged(wanted, found)

    def _note_patched(self, wanted: list[int]) -> None:
        patched = self._pyav.patched.intersection(wanted)
        if patched:
            self.faults.append(
                f'{len(patched)} of {len(wanted)} frames between {wanted[0]} and {wanted[-1]} are '
                'damaged in part'
            )

    def _replace_damaged(
        self, wanted: list[int], found: dict[int, np.ndarray]
    ) -> dict[int, np.ndarray]:
        span = f'frames between {wanted[0]} and {wanted[-1]}'
        found = of_one_size(found)
        if len(found) < len(wanted) * (1 - MAX_DAMAGED):
            raise DataError(
                f'{self.path}: only {len(found)} of {len(wanted)} {span} can be decoded. Fetch or '
                'convert the file again.'
            )
        if len(found) < len(wanted):
            self.faults.append(
                f'{len(wanted) - len(found)} of {len(wanted)} {span} cannot be decoded, and the '
                'nearest ones stand in'
            )
        return {
            index: found[min(found, key=lambda other, at=index: abs(other - at))]
            for index in wanted
        }

    def _order_packets(self) -> bool:
        """Return whether the times of the packets are those of their frames."""
        track = self.media.video
        is_mpeg4 = track.stream.codec_context.name == 'mpeg4'
        if 'avi' in self.media.formats and is_mpeg4 and track.kept is not None:
            return order_pictures(track)
        return self.media.is_seekable

    def _read_times(self) -> list[int] | None:
        """Make the clock, and return when each frame is shown in the units of the packets."""
        track = self.media.video
        shown = [pts for pts, is_shown in zip(track.pts, track.is_shown, strict=True) if is_shown]
        times = None if None in shown else sorted(shown)
        unit = float(track.stream.time_base)
        stamps = [None] * len(shown) if times is None else [pts * unit for pts in times]
        if times and 'avi' in self.media.formats and track.first_dts is not None:
            # AVI has no times: FFmpeg counts packets, and adds the delay of its decoder to those
            # of the pictures, but not to those of the sound.
            delay = stamps[0] - track.first_dts * unit
            stamps = [stamp - delay for stamp in stamps]
        rate = track.stream.average_rate or track.stream.guessed_rate or 0
        self.clock = FrameClock(stamps, float(rate))
        return times

    def _check_length(self) -> None:
        count, promised = self.media.video.count, self.media.promised(self.media.video)
        if count < promised * (1 - MAX_DAMAGED):
            raise DataError(
                f'{self.path} ends after {count} of its {promised} frames. Fetch it again.'
            )
        if count < promised:
            self.faults.append(f'it ends after {count} of its {promised} frames')


class DecodedVideo(VideoFile):
    """All frames of a short video file in memory, for data sets that fit (see `OpenAVFile`).

    Args:
        media: the file, or its path.
        backend: of `VideoFile`.

    Raises:
        DataError: as `VideoFile`, more than half of the frames are damaged, or they take more
            than 256 MB.
    """

    max_bytes = MAX_CACHED

    def __init__(self, media: MediaFile | str, backend: str = 'pyav') -> None:
        super().__init__(media, backend)
        self._all_frames = super().frames(np.arange(self.num_frames))
        self._decoded.clear()
        del self._pyav, self._decord

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return frames (T, H, W, 3), RGB, uint8."""
        return self._all_frames[np.ravel(indices)]

    def play(self, shown: range, size_of: SizeOf) -> Iterator[np.ndarray]:
        """Yield none: all of them are there."""
        return iter(())


def of_one_size(frames: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Return the frames of the size that most have; a damaged packet may name another one."""
    sizes = Counter(frame.shape for frame in frames.values())
    if len(sizes) < 2:
        return frames
    usual = sizes.most_common(1)[0][0]
    return {number: frame for number, frame in frames.items() if frame.shape == usual}


def check_backend(backend: str) -> None:
    """Raise a ConfigError if there is no such backend."""
    if backend not in BACKENDS:
        raise ConfigError(f'Expected `backend` to be one of {BACKENDS}, but got {backend!r}.')
