"""Media files made by the tests: every frame shows its number, and a click marks a known time."""

import pickle
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

EVENT_SECONDS = 1.5
BITS = 8
# One thread and no macroblock tree: the same file on every run. A key frame every 12 frames.
X264 = {'crf': '6', 'g': '12', 'threads': '1', 'mbtree': '0', 'preset': 'veryfast'}
CLOCK = 90000  # ticks a second of variable frame rates


@pytest.fixture
def formula_waveform() -> np.ndarray:
    """The 2.56 s test signal that the parity fixtures were made with."""
    n = np.arange(40960)
    t = n / 16000
    chirp = 0.30 * np.sin(2 * np.pi * (200 * t + 0.5 * (2800 / 2.56) * t**2))
    tone = 0.10 * np.sin(2 * np.pi * 440 * t) * (t >= 1.28)
    ping = 0.50 * np.exp(-400 * ((n % 8000) / 16000)) * np.sin(2 * np.pi * 1500 * t)
    noise = 0.02 * (((n * 1103515245 + 12345) % 2**31) / 2**30 - 1)
    return (chirp + tone + ping + noise + 0.05).astype(np.float32)


def numbered_picture(number: int, width: int, height: int) -> np.ndarray:
    """Return a picture (H, W, 3) with its number as black and white bars above a colour ramp."""
    picture = np.empty((height, width, 3), np.uint8)
    columns = np.arange(width)
    picture[: height // 2] = ((number >> (columns * BITS // width)) & 1)[None, :, None] * 255
    ramp = columns * 255 // (width - 1)
    picture[height // 2 :] = np.stack([ramp, np.full(width, number * 3 % 256), 255 - ramp], axis=1)
    return picture


def read_numbers(frames: np.ndarray) -> list[int]:
    """Read the numbers off frames (T, H, W, 3)."""
    height, width = frames.shape[1:3]
    centres = (np.arange(BITS) * 2 + 1) * width // (2 * BITS)
    bars = frames[:, height // 8 : height // 4][:, :, centres].mean(axis=(1, 3)) > 127
    return (bars << np.arange(BITS)).sum(axis=1).tolist()


def click(seconds: float, sample_rate: int, at: float) -> np.ndarray:
    """Return silence (S,) with 20 ms of a 1 kHz tone of amplitude 0.8."""
    wave = np.zeros(round(seconds * sample_rate), np.float32)
    burst = np.arange(len(wave)) / sample_rate - at
    is_on = (burst >= 0) & (burst < 0.02)
    wave[is_on] = 0.8 * np.sin(2 * np.pi * 1000 * burst[is_on])
    return wave


def write_sound(
    container: av.container.OutputContainer,
    stream: av.AudioStream,
    wave: np.ndarray,
    delay: float = 0.0,
    holes: Sequence[int] = (),
) -> None:
    """Encode and write a waveform (S,), the same in all channels.

    Args:
        container: to write to.
        stream: of the container.
        wave: in [-1, 1].
        delay: when it begins (seconds).
        holes: numbers of packets that are left out.
    """
    context = stream.codec_context
    context.open(strict=False)  # the header, which the picture has written, has opened it
    layout, rate = context.layout, context.sample_rate
    wave = np.tile(np.float32(wave), (len(layout.channels), 1))
    resampler = av.AudioResampler(context.format.name, layout.name, rate)
    size = context.frame_size or 1024
    packets = []
    for first in range(0, wave.shape[1], size):
        part = np.ascontiguousarray(wave[:, first : first + size])
        frame = av.AudioFrame.from_ndarray(part, format='fltp', layout=layout.name)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = first + round(delay * rate)
        for converted in resampler.resample(frame):
            packets += stream.encode(converted)
    packets += stream.encode(None)
    container.mux([packet for number, packet in enumerate(packets) if number not in holes])


def write_video(
    path: Path,
    fps: float = 25,
    seconds: float = 3.0,
    size: tuple[int, int] = (64, 48),
    times: Sequence[float] | None = None,
    codec: str = 'libx264',
    pix_fmt: str = 'yuv420p',
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
    sample_rate: int | None = 16000,
    layout: str = 'mono',
    audio_codec: str = 'aac',
    delay: float = 0.0,
    wave: np.ndarray | None = None,
    holes: Sequence[int] = (),
) -> Path:
    """Write numbered frames, and silence with a click at EVENT_SECONDS.

    Args:
        path: file to write; its suffix says the container.
        fps: frames a second.
        seconds: length of picture and sound.
        size: width and height.
        times: when each frame is shown (seconds), instead of a constant rate.
        codec: encoder of the picture.
        pix_fmt: format of the encoded pictures.
        options: of that encoder.
        muxer: options of the container.
        sample_rate: Hz; None for no sound.
        layout: of the channels.
        audio_codec: encoder of the sound.
        delay: when the sound begins (seconds).
        wave: sound (S,) in place of the click.
        holes: numbers of the packets of sound that are left out.
    """
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), 'w', options=muxer or {}) as container:
        video = container.add_stream(codec, rate=rate, bit_rate=2_000_000)
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        video.options = {**(X264 if codec == 'libx264' else {'g': '12'}), **(options or {})}
        unit = video.codec_context.time_base = (
            Fraction(1, CLOCK) if times is not None else 1 / rate
        )
        if sample_rate:
            audio = container.add_stream(audio_codec, rate=sample_rate, layout=layout)
        for number in range(round(seconds * fps) if times is None else len(times)):
            picture = numbered_picture(number, *size)
            frame = av.VideoFrame.from_ndarray(picture, format='rgb24').reformat(format=pix_fmt)
            frame.pts = number if times is None else round(times[number] / unit)
            frame.time_base = unit
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sample_rate:
            if wave is None:
                wave = click(seconds - delay, sample_rate, EVENT_SECONDS - delay)
            write_sound(container, audio, wave, delay, holes)
    return path


def set_display_matrix(path: Path, xx: float, xy: float, yx: float, yy: float) -> None:
    """Tell players of an MP4 file to show a pixel at (x, y) @ ((xx, xy), (yx, yy))."""
    content = bytearray(path.read_bytes())
    begin = content.index(b'tkhd') + 44
    xx, xy, yx, yy = (round(value * 65536) for value in (xx, xy, yx, yy))
    content[begin : begin + 36] = struct.pack('>9i', xx, xy, 0, yx, yy, 0, 0, 0, 1 << 30)
    path.write_bytes(content)


def rotate_clockwise(path: Path) -> None:
    """Tell players of an MP4 file to turn the picture by 90 degrees clockwise, as phones do."""
    set_display_matrix(path, 0, 1, -1, 0)


def cut_by_edit_list(path: Path, seconds: float) -> None:
    """Let an MP4 file begin later, as cutting without re-encoding does: players skip the rest."""
    with av.open(str(path)) as container:
        units = [stream.time_base for stream in container.streams]
    content, at = bytearray(path.read_bytes()), 0
    for unit in units:
        at = content.index(b'elst', at + 1)
        media_time = slice(at + 16, at + 20)  # after version, count of entries, and duration
        begin = int.from_bytes(content[media_time], 'big') + round(seconds / unit)
        content[media_time] = begin.to_bytes(4, 'big')
    path.write_bytes(content)


def blank_packets(
    path: Path, numbers: Sequence[int], kind: str = 'video', byte: bytes = b'\xff'
) -> None:
    """Overwrite packets of a stream, counted in the order of the file."""
    with av.open(str(path)) as container:
        stream = container.streams.best(kind)
        packets = [
            (packet.pos, bytes(packet)) for packet in container.demux(stream) if packet.size
        ]
    content = bytearray(path.read_bytes())
    for number in numbers:
        near, data = packets[number]  # in Matroska, the place of its header
        start = content.index(data, near)
        content[start : start + len(data)] = byte * len(data)
    path.write_bytes(content)


def write_cover_mp3(path: Path) -> Path:
    """Write a sound file (MP3) of 1 s with a picture of the cover in it."""
    with av.open(str(path), 'w', options={'id3v2_version': '0'}) as container:
        audio = container.add_stream('libmp3lame', rate=16000, layout='mono')
        write_sound(container, audio, click(1.0, 16000, 0.5))
    cover = cv2.imencode('.png', numbered_picture(1, 64, 48))[1].tobytes()
    picture = b'\0image/png\0\3\0' + cover
    frame = b'APIC' + struct.pack('>I', len(picture)) + b'\0\0' + picture
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b'ID3\3\0\0' + size + frame + path.read_bytes())
    return path


@pytest.fixture(scope='session')
def written_videos() -> dict[bytes, bytes]:
    """The content of test videos, which many tests share, by what they were made of."""
    return {}


@pytest.fixture
def make_video(tmp_path: Path, written_videos: dict[bytes, bytes]) -> Callable[..., Path]:
    """Return a function that writes a test video (see `write_video`)."""

    def make(name: str = 'video.mp4', **kwargs) -> Path:
        path = tmp_path / name
        key = pickle.dumps((path.suffix, kwargs))
        if key in written_videos:
            path.write_bytes(written_videos[key])
        else:
            written_videos[key] = write_video(path, **kwargs).read_bytes()
        return path

    return make


@pytest.fixture
def numbers_of() -> Callable[[np.ndarray], list[int]]:
    """Return the function that reads the numbers off frames."""
    return read_numbers


@pytest.fixture
def rotate() -> Callable[[Path], None]:
    """Return `rotate_clockwise`."""
    return rotate_clockwise


@pytest.fixture
def orient() -> Callable[..., None]:
    """Return `set_display_matrix`."""
    return set_display_matrix


@pytest.fixture
def cut() -> Callable[[Path, float], None]:
    """Return `cut_by_edit_list`."""
    return cut_by_edit_list


@pytest.fixture
def blank() -> Callable[..., None]:
    """Return `blank_packets`."""
    return blank_packets


@pytest.fixture
def cover_mp3(tmp_path: Path) -> Path:
    """Return a sound file with a cover picture."""
    return write_cover_mp3(tmp_path / 'song.mp3')


@pytest.fixture(scope='session')
def sound_writer() -> Callable[..., None]:
    """Return `write_sound`."""
    return write_sound
