"""PyAV as a decoder of any file."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from mmavssl.datasets.readers.media import (
    MAX_DECODED,
    PacketTally,
    check_frames,
    decode_packets,
)
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.orientation import (
    DisplayMatrix,
    display_matrix,
    set_upright,
)

SizeOf = Callable[[int, int], tuple[int, int]]


class PyAVDecoder:
    """Decode frames by their number in the order of display.

    Args:
        media: open file with a video.
        times: when each frame is shown, ascending, in the units of the packets; None where they
            are unknown, and frames are counted from the start.
        max_bytes: that the frames of one call of `decode` may take.
    """

    def __init__(
        self, media: MediaFile, times: Sequence[int] | None, max_bytes: int = MAX_DECODED
    ) -> None:
        self.media = media
        self.max_bytes = max_bytes
        self.times = times
        #: Numbers of decoded frames in which the decoder made up for what it could not read.
        self.patched: set[int] = set()
        self._num_wanted = 0
        self._reformatter = VideoReformatter()  # making one costs more than using it
        if times is not None:
            self._number_of = {time: number for number, time in enumerate(times)}
            track = media.video
            keys = (n for n, is_key in enumerate(track.is_key) if is_key)
            self._keys = sorted((track.pts[n], n) for n in keys if track.pts[n] is not None)
            if not self._keys or self._keys[0][0] > times[0]:
                self._keys.insert(0, (times[0], 0))  # from the start, for want of a key frame
            self._key_times = [time for time, _ in self._keys]

    def decode(self, wanted: Sequence[int]) -> dict[int, np.ndarray]:
        """Return frames (H, W, 3), RGB, uint8, by their numbers, without those that are damaged.

        Args:
            wanted: their numbers, ascending.
        """
        found, self._num_wanted = {}, len(wanted)
        if self.times is not None:
            for key, group in groupby(wanted, self._key_before):
                near = list(group)
                found |= self._take(near, self._decode_near(near, key))
        if len(found) < len(wanted):
            found = {**self._take(wanted, self._decode_all()), **found}
        return found

    def play(self, wanted: range, size_of: SizeOf) -> Iterator[np.ndarray]:
        """Yield frames (h, w, 3), RGB, uint8, in one pass, as long as nothing is wrong.

        They end before the first that is missing, damaged, or of another size.

        Args:
            wanted: their numbers, one after the other.
            size_of: height and width to scale to, of those that the file shows.
        """
        if self.times is None:
            decoded = self._decode_all()
        else:
            decoded = self._decode_near(wanted, self._key_before(wanted[0]))
        frames = (pair for pair in decoded if pair[0] >= wanted[0])
        size = None
        for awaited, (number, frame) in zip(wanted, frames, strict=False):
            size = size or (frame.width, frame.height)
            if number != awaited or frame.is_corrupt or size != (frame.width, frame.height):
                return
            yield self._to_rgb(frame, size_of)

    def _take(
        self, wanted: Sequence[int], frames: Iterator[tuple[int, VideoFrame]]
    ) -> dict[int, np.ndarray]:
        found, missing = {}, set(wanted)
        for number, frame in frames:
            if number in missing:
                self._check_size(frame)
                found[number] = self._to_rgb(frame)
                if frame.is_corrupt:
                    self.patched.add(number)
                missing.remove(number)
            if not missing or number > wanted[-1]:
                break
        return found

    def _check_size(self, frame: VideoFrame) -> None:
        size = (frame.width, frame.height)
        check_frames(self.media.path, self._num_wanted, *size, self.max_bytes)

    def _decode_near(self, wanted: Sequence[int], key: int) -> Iterator[tuple[int, VideoFrame]]:
        """Decode from a key frame (the number of its packet) to the last packet that is needed.

        About half of the frames of an ordinary file are such that no other frame refers to them.
        These are decoded only where they are wanted themselves.
        """
        track, waiting = self.media.video, {self.times[number] for number in wanted}
        packets = self.media.packets(track, key)
        decoder = track.stream.codec_context

        def needed() -> Iterator[Packet]:
            for packet in packets:
                decoder.skip_frame = 'DEFAULT' if packet.pts in waiting else 'NONREF'
                yield packet
                waiting.discard(packet.pts)
                if not waiting:
                    return

        for frame in decode_packets(needed(), PacketTally()):
            yield self._number_of.get(frame.pts, -1), frame
        if not waiting:  # else the end of the file has drained it
            for frame in decoder.decode(None):
                yield self._number_of.get(frame.pts, -1), frame

    def _decode_all(self) -> Iterator[tuple[int, VideoFrame]]:
        packets = self.media.packets(self.media.video)
        self.media.video.stream.codec_context.skip_frame = 'DEFAULT'
        frames = decode_packets(packets, PacketTally())
        if self.times is None:
            return enumerate(frames)
        return ((self._number_of.get(frame.pts, -1), frame) for frame in frames)

    def _key_before(self, number: int) -> int:
        """Return the packet of the last key frame that is not shown after a frame."""
        return self._keys[bisect_right(self._key_times, self.times[number]) - 1][1]

    def _to_rgb(self, frame: VideoFrame, size_of: SizeOf | None = None) -> np.ndarray:
        """Return the picture (H, W, 3), uint8, upright as the file says, and scaled if wanted."""
        matrix, scaling = display_matrix(frame), {}
        if size_of is not None:
            scaling = scaled_as_stored(frame, matrix, size_of)
        picture = self._reformatter.reformat(frame, format='rgb24', threads=1, **scaling)
        return set_upright(picture.to_ndarray(), matrix)


def scaled_as_stored(frame: VideoFrame, matrix: DisplayMatrix, size_of: SizeOf) -> dict:
    """Return arguments of ``reformat`` that scale a frame, which may be turned afterwards."""
    if matrix.is_turned:
        width, height = size_of(frame.width, frame.height)
    else:
        height, width = size_of(frame.height, frame.width)
    if (height, width) == (frame.height, frame.width):
        return {}  # the very pixels of `decode`
    return {'width': width, 'height': height, 'interpolation': Interpolation.AREA}
