"""What goes wrong with media files, turned into errors that name them."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from stat import S_ISDIR, S_ISREG

import av
from av.frame import Frame
from av.packet import Packet

from mmavssl.utils.errors import DataError

av.logging.set_level(None)  # FFmpeg would write its own remarks to stderr


# What no file of a data set has, but damaged headers say: memory would be spent on it. Pictures of
# 8K have half as many pixels; sounds are decoded as a whole only where clips are short.
MAX_PIXELS = 2**26
MAX_DECODED = 2**30  # bytes of the frames of one sample: 43 of 4K, 172 of 1080p
MAX_CACHED = 2**28  # bytes of the frames of one file that stays decoded in memory
SAMPLE_RATES = (1000, 768_000)
MAX_SOUND_SECONDS = 2 * 3600.0


def check_pixels(path: str, width: int, height: int) -> None:
    """Raise a DataError if a header names a picture that is too large to be true."""
    if width * height > MAX_PIXELS:
        raise DataError(
            f'{path} says that its pictures have {width} x {height} pixels, more than the '
            f'{MAX_PIXELS} that are read. It is damaged, or has to be scaled down.'
        )


def check_frames(
    path: str, count: int, width: int, height: int, limit: int = MAX_DECODED
) -> None:
    """Raise a DataError if the frames of one sample take too much memory."""
    size = count * width * height * 3
    if size > limit:
        raise DataError(
            f'{path}: {count} frames of {width} x {height} pixels take {size >> 20} MB, more than '
            f'the {limit >> 20} MB of a sample. Scale the file down, take fewer clips or do '
            'without `cache`; or its header is damaged.'
        )


def check_sample_rate(path: str, rate: int) -> None:
    """Raise a DataError if a header names a sample rate that no sound has."""
    low, high = SAMPLE_RATES
    if not low <= rate <= high:
        raise DataError(
            f'{path} says that its sound has {rate} samples a second, which is not from {low} to '
            f'{high}. It is damaged, or has to be resampled.'
        )


def check_file(path: str | Path) -> None:
    """Raise a DataError if the file is missing, out of reach, a folder or empty."""
    path = Path(path)
    remedy = 'Correct the path, or what the paths of its list are relative to (`data_root`).'
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        folder = next(filter(os.path.isdir, path.parents), path.parent)
        raise DataError(f'{path} does not exist (the folder {folder} does). {remedy}') from None
    except (OSError, ValueError) as error:  # a name that is too long, a folder that is closed
        reason = getattr(error, 'strerror', None) or str(error)
        raise DataError(f'{str(path)!r} cannot be opened: {reason}. {remedy}') from error
    if S_ISDIR(found.st_mode):
        raise DataError(f'{path} is a folder, not a file. Check the list and `data_root`.')
    if not S_ISREG(found.st_mode):
        raise DataError(f'{path} is a pipe or a device. Name a file on a disk.')
    if found.st_size == 0:
        raise DataError(f'{path} is empty (0 bytes). Fetch or convert it again.')


@contextmanager
def media_errors(path: str, what: str) -> Iterator[None]:
    """Turn whatever the decoder raises into a DataError that names the file.

    Args:
        path: of the file.
        what: is being read, for the message.
    """
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # FFmpeg's own errors, and a dozen types from PyAV and NumPy
        reason = getattr(error, 'strerror', None) or str(error) or repr(error)
        raise DataError(
            f'{path}: cannot read {what}: {reason.splitlines()[0][:200]}. The file is damaged, '
            'incomplete or of another type than its name says; fetch or convert it again.'
        ) from error


@dataclass
class PacketTally:
    """What was decoded of a stream: packets, those that cannot be decoded, and their seconds.

    Packets before a time (``since``, in the units of the packets) are not counted.
    """

    since: float = -inf
    read: int = 0
    damaged: int = 0
    lost_seconds: float = 0.0


def decode_packets(packets: Iterable[Packet], tally: PacketTally) -> Iterator[Frame]:
    """Yield the decoded frames of packets.

    Packets that cannot be decoded are passed over, as players do: single damaged ones occur in
    most large collections. The caller sees what is missing by the frames' times.

    Args:
        packets: of one stream, in the order of the file.
        tally: counts them.

    Raises:
        av.error.FFmpegError: nothing could be decoded.
    """
    problem, any_frame = None, False
    for packet in packets:
        counts = packet.size > 0 and (packet.pts or 0) >= tally.since
        tally.read += counts
        try:
            frames = packet.decode()
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError as error:  # decoders of sound return numbers of their own
            problem = error
            if counts:
                tally.damaged += 1
                tally.lost_seconds += float((packet.duration or 0) * packet.time_base)
            continue
        any_frame = any_frame or bool(frames)
        yield from frames
    if problem and not any_frame:
        raise problem
