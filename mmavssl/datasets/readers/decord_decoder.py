"""decord as a decoder of the files that it reads exactly.

It miscounts MPEG, open groups of pictures and what was cut without re-encoding, has no times for
AVI, and passes over damaged packets without a word: PyAV reads such files.
"""

import logging
from collections.abc import Iterator, Sequence

import numpy as np
from av.error import FFmpegError
from av.packet import Packet

from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.orientation import AS_STORED, display_matrix
from mmavssl.datasets.readers.picture_sizes import keeps_size

try:
    import decord
except ImportError:  # there is no wheel for this machine
    decord = None
else:
    decord.logging.set_level(decord.logging.QUIET)
    ERRORS = (decord.DECORDError, decord.DECORDLimitReachedError, RuntimeError)

# Type of the unit of an H.264 packet that holds a picture after which nothing before is needed.
IDR = 5


class DecordDecoder:
    """Decode frames by their number in the order of display.

    Args:
        reader: decord's, of the whole file.
        path: of the file.
    """

    def __init__(self, reader: 'decord.VideoReader', path: str) -> None:
        self._reader = reader
        self._path = path

    @classmethod
    def open(cls, media: MediaFile, clock: FrameClock) -> 'DecordDecoder | None':
        """Open a file with decord, or return None where its frames are not those of the packets.

        decord ignores what an edit list cuts off, so that a file that was cut without re-encoding
        has other frames and times there than in players and in its sound. It does not mirror
        pictures where the file says so, and cannot turn those of most sizes.

        Args:
            media: open file with a video.
            clock: times of the frames by the packets.
        """
        # In containers without an index decord guesses times and counts (AVI, MPEG).
        if decord is None or not media.is_seekable or not is_plain(media):
            return None
        if media.video.stream.frames > media.video.count:
            return None  # it would make room for as many as the file says, or end the process
        if not is_shown_as_stored(media):
            return None
        try:
            reader = decord.VideoReader(media.source, num_threads=1)
            if len(reader) != clock.num_frames:
                return None
            times = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0]
        except ERRORS as error:
            _log(media.path, error)
            return None
        agree = np.abs(times - times[0] - clock.times).max() < 0.5 / clock.fps
        return cls(reader, media.path) if agree else None

    def decode(self, wanted: Sequence[int]) -> dict[int, np.ndarray] | None:
        """Return frames (H, W, 3), RGB, uint8, by number; None where one cannot be decoded."""
        try:
            frames = self._reader.get_batch(list(wanted)).asnumpy()
        except ERRORS as error:
            _log(self._path, error)
            return None
        return dict(zip(wanted, frames, strict=True))


def is_shown_as_stored(media: MediaFile) -> bool:
    """Return whether the first frame, which is all that is decoded, is not turned or mirrored."""
    first = next(media.packets(media.video))
    try:
        frames = [*first.decode(), *media.video.stream.codec_context.decode(None)]
    except FFmpegError:  # damaged, which is found out where frames are wanted
        return True
    return all(display_matrix(frame) == AS_STORED for frame in frames)


def is_plain(media: MediaFile) -> bool:
    """Return whether all packets are whole and decoding can begin afresh at each key frame.

    Nor may a packet name another size of pictures than the file: decord makes room for any.
    """
    context = media.video.stream.codec_context
    size, header = (context.width, context.height), bytes(context.extradata or b'')
    packets = media.packets(media.video)
    return all(_plainness(context.name, packets, size, header))


def _plainness(
    codec: str, packets: Iterator[Packet], size: tuple[int, int], header: bytes
) -> Iterator[bool]:
    any_key = False
    for packet in packets:
        data = bytes(packet)
        if packet.is_keyframe:
            any_key = True
            yield starts_afresh(codec, data)
        # Without a key frame before, the file begins in the middle of a group of pictures.
        yield any_key and is_whole(codec, data) and keeps_size(codec, data, size, header)


def starts_afresh(codec: str, packet: bytes) -> bool:
    """Return whether decoding can begin at a key frame with no frame lost or shown before it.

    decord counts frames from there on. So it returns other ones than it is asked for in open
    groups of pictures (usual in HEVC and MPEG-4), and after I pictures of H.264 that are not IDR.

    Args:
        codec: FFmpeg's name of it.
        packet: of the key frame.
    """
    if codec != 'h264':
        return codec in ('vp8', 'vp9')
    begin = 0
    while begin + 4 < len(packet):  # units of 4 bytes of length, then the type
        if packet[begin + 4] & 0x1F == IDR:
            return True
        begin += 4 + int.from_bytes(packet[begin : begin + 4], 'big')
    return False


def is_whole(codec: str, packet: bytes) -> bool:
    """Return whether the units of an H.264 packet fill it exactly; True for other codecs.

    They do not where a part of the file was lost or overwritten.

    Args:
        codec: FFmpeg's name of it.
        packet: any, or empty.
    """
    if codec != 'h264':
        return True
    begin = 0
    while begin + 4 <= len(packet):
        length = int.from_bytes(packet[begin : begin + 4], 'big')
        if length == 0:
            return False
        begin += 4 + length
    return begin == len(packet)


def _log(path: str, error: Exception) -> None:
    reason = str(error).strip().splitlines()[-1]
    logging.getLogger(__name__).debug('%s: decord: %s; PyAV reads it.', path, reason)
