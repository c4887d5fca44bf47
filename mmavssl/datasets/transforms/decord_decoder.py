"""decord as a decoder of the files that it reads exactly."""

import logging

import numpy as np

from mmavssl.datasets.transforms.frame_clock import FrameClock

try:
    import decord
except ImportError:  # there is no wheel for this machine
    decord = None
else:
    decord.logging.set_level(decord.logging.QUIET)
    ERRORS = (decord.DECORDError, decord.DECORDLimitReachedError, RuntimeError)

# Containers with an index. In others decord guesses times and counts (AVI, MPEG).
CONTAINERS = ('mp4', 'matroska')
# Type of the unit of an H.264 packet that holds a picture after which nothing before is needed.
IDR = 5


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

    They do not where a part of the file was lost or overwritten. decord passes over such packets
    and returns other frames in their place, without a word.

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


def open_exact(path: str, container: str, clock: FrameClock) -> 'decord.VideoReader | None':
    """Open a file with decord, or return None where its frames are not those of the packets.

    decord ignores what an edit list cuts off, so that a file that was cut without re-encoding has
    other frames and times there than in players and in its sound.

    Args:
        path: of the file.
        container: FFmpeg's name of the format.
        clock: times of the frames by the packets.
    """
    if decord is None or not set(CONTAINERS) & set(container.split(',')):
        return None
    try:
        reader = decord.VideoReader(path, num_threads=1)
        if len(reader) != clock.num_frames:
            return None
        times = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0]
    except ERRORS as error:
        _log(path, error)
        return None
    agree = np.abs(times - times[0] - clock.times).max() < 0.5 / clock.fps
    return reader if agree else None


def read_frames(reader: 'decord.VideoReader', path: str, indices: np.ndarray) -> np.ndarray | None:
    """Return frames (T, H, W, 3), or None where decord cannot decode one of them."""
    try:
        return reader.get_batch([int(index) for index in indices]).asnumpy()
    except ERRORS as error:
        _log(path, error)
        return None


def _log(path: str, error: Exception) -> None:
    reason = str(error).strip().splitlines()[-1]
    logging.getLogger(__name__).debug('%s: decord: %s; PyAV reads it.', path, reason)
