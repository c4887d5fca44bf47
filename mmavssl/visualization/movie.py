"""Write pictures and a sound as a video that every player reads: MP4 of H.264 and AAC."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.packet import Packet
from av.video.stream import VideoStream

from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import DataError

# Without frame reordering the pictures begin at time 0, with no edit list that a player might
# ignore.
X264_OPTIONS = {'preset': 'veryfast', 'crf': '18', 'bf': '0'}
BIT_RATE = 64000
MP4_OPTIONS = {'movflags': 'faststart'}  # the index first, as for players that do not seek
TIME_BASE = Fraction(1, 90000)


def write_movie(
    path: str | Path,
    pictures: Iterable[np.ndarray],
    seconds: Sequence[float],
    size: tuple[int, int],
    sound: np.ndarray | None = None,
    rate: Fraction | None = None,
) -> None:
    """Write a video and make its folder; what fails leaves no file.

    Args:
        path: file to write; an existing one is replaced.
        pictures: (H, W, 3), RGB, uint8; drawn one by one where they come from a generator.
        seconds: for which each of them is shown.
        size: H and W, which are even, as H.264 needs them.
        sound: (S,) float32 at 16 kHz that begins with the pictures; None for no track of it.
        rate: that the header names, in pictures a second; None: the mean.

    Raises:
        DataError: PyAV was built without the H.264 or AAC encoder.
    """
    check_encoders(path)
    if rate is None:
        rate = Fraction(len(seconds) / float(np.sum(seconds))).limit_denominator(1000)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with av.open(str(path), 'w', format='mp4', options=MP4_OPTIONS) as container:
            height, width = size
            shape = {'width': width, 'height': height, 'pix_fmt': 'yuv420p'}
            video = container.add_stream('libx264', rate=rate, options=X264_OPTIONS, **shape)
            # Pictures need not be shown for equal times, so that each says how long it is.
            video.codec_context.time_base = TIME_BASE
            video.codec_context.flags |= Flags.frame_duration
            # It encodes some of them while the next are drawn; slices of one need more bytes.
            video.codec_context.thread_type = 'FRAME'
            audio = None
            if sound is not None:
                audio = container.add_stream(
                    'aac', rate=SAMPLE_RATE, layout='mono', bit_rate=BIT_RATE
                )
            for packet in encode(video, audio, pictures, seconds, sound):
                container.mux(packet)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def check_encoders(path: str | Path) -> None:
    """Raise a DataError if PyAV cannot write such a file."""
    for encoder in ('libx264', 'aac'):
        if encoder not in av.codecs_available:
            raise DataError(
                f'PyAV has no encoder {encoder!r}, which writing {path} needs. The binary wheels '
                'of PyPI contain it: pip install --only-binary av av'
            )


def encode(
    video: VideoStream,
    audio: AudioStream | None,
    pictures: Iterable[np.ndarray],
    seconds: Sequence[float],
    sound: np.ndarray | None,
) -> Iterator[Packet]:
    """Yield packets of both streams in the order of their times, as players want to read them.

    Arguments are those of `write_movie`.
    """
    begins = np.cumsum([0, *seconds])
    heard = 0
    for picture, begin, end in zip(pictures, begins[:-1], begins[1:], strict=True):
        yield from video.encode(picture_frame(picture, begin, end))
        if audio is not None:
            until = round(end * SAMPLE_RATE)
            if part := sound_frame(sound, heard, until):
                yield from audio.encode(part)
            heard = max(heard, until)
    yield from video.encode()
    if audio is not None:
        if part := sound_frame(sound, heard, len(sound)):
            yield from audio.encode(part)
        yield from audio.encode()


def picture_frame(picture: np.ndarray, begin: float, end: float) -> av.VideoFrame:
    """Return a picture (H, W, 3) that is shown from one second to another."""
    frame = av.VideoFrame.from_ndarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), 'yuv420p')
    frame.time_base = TIME_BASE
    frame.pts = round(begin / TIME_BASE)
    frame.duration = round(end / TIME_BASE) - frame.pts
    return frame


def sound_frame(samples: np.ndarray, begin: int, end: int) -> av.AudioFrame | None:
    """Return a part of a waveform (S,), float32 at 16 kHz; None where nothing is left of it."""
    part = samples[begin:end]
    if not len(part):
        return None
    frame = av.AudioFrame.from_ndarray(part[None], format='fltp', layout='mono')
    frame.sample_rate = SAMPLE_RATE
    frame.time_base = Fraction(1, SAMPLE_RATE)
    frame.pts = begin
    return frame
