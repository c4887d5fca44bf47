"""Make video files as large and as long as those of the data sets, for the benchmarks to read."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

AUDIO_RATE = 44100


class Kind(NamedTuple):
    """What the files of a data set are like."""

    suffix: str
    width: int
    height: int
    fps: int
    seconds: int
    codec: str
    audio_codec: str
    options: dict[str, str]


# UCF-101: MPEG-4 with B frames and MP3 in AVI, one key frame in a file, about 400 kbit/s.
# Kinetics, scaled to the usual 340 x 256: H.264 as x264 makes it by default, and AAC.
KINDS = {
    'ucf': Kind(
        '.avi', 320, 240, 25, 7, 'mpeg4', 'libmp3lame', {'g': '250', 'bf': '2', 'b': '400000'}
    ),
    'k400': Kind('.mp4', 340, 256, 30, 10, 'libx264', 'aac', {'crf': '23', 'threads': '1'}),
}


def write_files(folder: Path, kind: Kind, count: int) -> list[Path]:
    """Write ``count`` files of a kind and return their paths."""
    paths = [folder / f'{number}{kind.suffix}' for number in range(count)]
    for number, path in enumerate(paths):
        write_file(path, kind, np.random.default_rng(number))
    return paths


def write_file(path: Path, kind: Kind, rng: np.random.Generator) -> None:
    """Write a file: a camera pans over a texture, an object moves, a tone sounds, all in noise."""
    with av.open(str(path), 'w') as container:
        video = container.add_stream(kind.codec, rate=kind.fps)
        video.width, video.height, video.pix_fmt = kind.width, kind.height, 'yuv420p'
        video.options = kind.options
        audio = container.add_stream(kind.audio_codec, rate=AUDIO_RATE, layout='stereo')
        audio.bit_rate = 96_000
        for picture in pictures(kind, rng):
            frame = av.VideoFrame.from_ndarray(picture, format='rgb24')
            container.mux(video.encode(frame.reformat(format='yuv420p')))
        container.mux(video.encode(None))
        wave = sound(kind.seconds, rng)
        for begin in range(0, wave.shape[1], 1152):
            part = np.ascontiguousarray(wave[:, begin : begin + 1152])
            frame = av.AudioFrame.from_ndarray(part, format='fltp', layout='stereo')
            frame.sample_rate, frame.time_base = AUDIO_RATE, Fraction(1, AUDIO_RATE)
            frame.pts = begin
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))


def pictures(kind: Kind, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the frames (H, W, 3), uint8."""
    width, height = kind.width, kind.height
    coarse = rng.integers(0, 255, (height // 4, width // 4, 3), dtype=np.uint8)
    scene = cv2.resize(coarse, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    scene = cv2.GaussianBlur(scene, (0, 0), 3)
    thing = cv2.resize(
        rng.integers(0, 255, (20, 20, 3), dtype=np.uint8), (width // 4, height // 4)
    )
    phase = rng.uniform(0, 6)
    for number in range(kind.fps * kind.seconds):
        left = int(width / 2 * (1 + np.sin(phase + number / 40)))
        top = int(height / 2 * (1 + np.cos(phase + number / 55)))
        frame = scene[top : top + height, left : left + width].astype(np.int16)
        x = int(width * 3 / 8 * (1 + np.sin(phase + number / 9)))
        y = int(height * 3 / 8 * (1 + np.cos(phase + number / 13)))
        frame[y : y + height // 4, x : x + width // 4] = thing
        noise = rng.integers(-3, 4, frame.shape, dtype=np.int16)
        yield np.clip(frame + noise, 0, 255).astype(np.uint8)


def sound(seconds: int, rng: np.random.Generator) -> np.ndarray:
    """Return a waveform (2, S), float32."""
    times = np.arange(AUDIO_RATE * seconds) / AUDIO_RATE
    tone = 0.3 * np.sin(2 * np.pi * (300 + 200 * np.sin(times)) * times)
    wave = tone + 0.05 * rng.standard_normal(len(times))
    return np.stack([wave, 0.8 * wave]).astype(np.float32)
