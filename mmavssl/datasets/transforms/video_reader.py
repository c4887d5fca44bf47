"""Frames of video files: decord where it is exact, PyAV everywhere else.

The packets that PyAV lists say which frames a file shows and when. decord decodes the files whose
frames it counts and times alike, and whose key frames it can count from. It miscounts MPEG, open
groups of pictures and what was cut without re-encoding, has no times for AVI, and gives up at the
first damaged packet; PyAV reads those.
"""

from collections.abc import Callable, Iterator

import numpy as np
from av.stream import Disposition
from av.video.frame import VideoFrame

from mmavssl.datasets.transforms import decord_decoder
from mmavssl.datasets.transforms.frame_clock import FrameClock
from mmavssl.datasets.transforms.media import (
    PacketTally,
    decode_packets,
    media_errors,
    open_container,
    promised_packets,
)
from mmavssl.utils.errors import DataError

# Containers with an index, in which seeking is exact. Frames of others are counted from the start.
SEEKABLE = ('mp4', 'matroska')
# Up to this share of a file's frames may be missing, and of those that are asked for be damaged;
# their neighbours replace these.
MAX_DAMAGED = 0.5


class VideoFile:
    """A video file that stays open.

    Its packets are listed when it opens, which costs little, as none is decoded.

    Args:
        path: of the file.

    Raises:
        DataError: missing, empty or undecodable file, or one with less than half of its frames.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        #: What is wrong with it, where that is no reason to give up.
        self.faults: list[str] = []
        self._container = open_container(path, 'video')
        with media_errors(path, 'video'):
            self._pick_stream()
            self._list_packets()
        self._decord = None
        if self._is_plain:
            self._decord = decord_decoder.open_exact(path, self._container.format.name, self.clock)

    @property
    def num_frames(self) -> int:
        """Number of frames that are shown."""
        return self.clock.num_frames

    @property
    def fps(self) -> float:
        """Frames a second, on average."""
        return self.clock.fps

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return frames (T, H, W, 3), RGB, uint8.

        Raises:
            DataError: more than half of them are damaged.
        """
        if self._decord is not None:
            frames = decord_decoder.read_frames(self._decord, self.path, indices)
            if frames is not None:
                return frames
            self._decord = None  # after an error its position is undefined
        return self._frames_by_pyav(indices)

    def _frames_by_pyav(self, indices: np.ndarray) -> np.ndarray:
        wanted = sorted({int(index) for index in indices})
        with media_errors(self.path, f'frames {wanted[0]} to {wanted[-1]}'):
            found = self._collect(wanted, self._seek_and_decode) if self._is_seekable else {}
            if len(found) < len(wanted):
                found = {**self._collect(wanted, self._decode_from_start), **found}
            if len(found) < len(wanted) * (1 - MAX_DAMAGED):
                raise DataError(
                    f'{self.path}: only {len(found)} of {len(wanted)} frames between {wanted[0]} '
                    f'and {wanted[-1]} can be decoded. Fetch or convert the file again.'
                )
            if len(found) < len(wanted):
                self.faults.append(
                    f'{len(wanted) - len(found)} of {len(wanted)} frames between {wanted[0]} and '
                    f'{wanted[-1]} cannot be decoded, and the nearest ones stand in'
                )
            nearest = [min(found, key=lambda other: abs(other - int(i))) for i in indices]
            return np.stack([found[index] for index in nearest])

    def _pick_stream(self) -> None:
        stream = self._container.streams.best('video')
        if stream is None or stream.disposition & Disposition.attached_pic:
            raise DataError(f'{self.path} has no video in it, only other streams.')
        if stream.codec_context is None:
            raise DataError(f'{self.path}: there is no decoder for its video. Convert the file.')
        stream.thread_type = 'NONE'  # the workers of the data loader are the parallelism
        stream.codec_context.thread_count = 1
        self._stream = stream

    def _list_packets(self) -> None:
        shown, keys, plain, count = [], [], [], 0
        codec = self._stream.codec_context.name
        for packet in self._container.demux(self._stream):
            data = bytes(packet)
            count += bool(data)
            if data and not packet.is_discard:  # an edit list cuts off what is discarded
                shown.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
                plain.append(decord_decoder.starts_afresh(codec, data))
            # Without a key frame before, the file begins in the middle of a group of pictures.
            plain.append(bool(keys) and decord_decoder.is_whole(codec, data))
        self._is_plain = all(plain)
        has_times = None not in shown
        self._pts = sorted(shown) if has_times else shown
        self._keyframes = sorted(pts for pts in keys if pts is not None)
        unit = self._stream.time_base
        stamps = [float(pts * unit) if has_times else None for pts in self._pts]
        rate = self._stream.average_rate or self._stream.guessed_rate or 0
        self.clock = FrameClock(stamps, float(rate))
        formats = self._container.format.name.split(',')
        self._is_seekable = has_times and any(name in formats for name in SEEKABLE)
        promised = promised_packets(self._container, self._stream)
        if count < promised * (1 - MAX_DAMAGED):
            raise DataError(
                f'{self.path} ends after {count} of its {promised} frames. Fetch it again.'
            )
        if count < promised:
            self.faults.append(f'it ends after {count} of its {promised} frames')

    def _collect(
        self, wanted: list[int], decode: Callable[[int], Iterator[tuple[int, VideoFrame]]]
    ) -> dict[int, np.ndarray]:
        found: dict[int, np.ndarray] = {}
        for index, frame in decode(wanted[0]):
            if index in wanted:
                found[index] = to_rgb(frame)
            if index >= wanted[-1]:
                break
        return found

    def _seek_and_decode(self, first: int) -> Iterator[tuple[int, VideoFrame]]:
        before = [pts for pts in self._keyframes if pts <= self._pts[first]]
        target = before[-1] if before else self._pts[0]
        self._container.seek(target, stream=self._stream, backward=True)
        yield from self._decode()

    def _decode_from_start(self, first: int) -> Iterator[tuple[int, VideoFrame]]:
        self._container.close()  # seeking to the start is not exact in all formats
        self._container = open_container(self.path, 'video')
        self._pick_stream()
        yield from self._decode()

    def _decode(self) -> Iterator[tuple[int, VideoFrame]]:
        frames = decode_packets(self._container, self._stream, PacketTally())
        if self._is_seekable:  # damaged frames may be missing
            index_of = {pts: index for index, pts in enumerate(self._pts)}
            return ((index_of.get(frame.pts, -1), frame) for frame in frames)
        return enumerate(frames)  # the times of AVI are not in order


class DecodedVideo(VideoFile):
    """All frames of a short video file in memory, for data sets that fit (see `OpenAVFile`)."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._frames = super().frames(np.arange(self.num_frames))
        self._container.close()
        self._decord = None

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return frames (T, H, W, 3), RGB, uint8."""
        return self._frames[indices]


def to_rgb(frame: VideoFrame) -> np.ndarray:
    """Return the picture (H, W, 3), uint8, upright as the file says."""
    picture = frame.to_ndarray(format='rgb24')
    return np.rot90(picture, round(frame.rotation / 90) % 4)
