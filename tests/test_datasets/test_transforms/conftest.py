"""Video files made by the tests: a flash and a click at a known time."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

EVENT_SECONDS = 1.5


def write_video(
    path: Path,
    fps: int = 25,
    seconds: float = 3.0,
    size: tuple[int, int] = (64, 48),
    sample_rate: int | None = 16000,
    layout: str = 'mono',
) -> Path:
    """Write black frames with a white one, and silence with a click, both at EVENT_SECONDS."""
    with av.open(str(path), 'w') as container:
        video = container.add_stream('libx264', rate=fps)
        video.width, video.height, video.pix_fmt = *size, 'yuv420p'
        video.options = {'crf': '1'}
        audio = (
            container.add_stream('aac', rate=sample_rate, layout=layout) if sample_rate else None
        )
        for index in range(round(seconds * fps)):
            level = 255 if index == round(EVENT_SECONDS * fps) else 0
            pixels = np.full((size[1], size[0], 3), level, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format='rgb24')))
        container.mux(video.encode(None))
        if audio:
            wave = np.zeros(round(seconds * sample_rate), np.float32)
            click = round(EVENT_SECONDS * sample_rate)
            burst = np.arange(sample_rate // 50)
            wave[click : click + len(burst)] = 0.8 * np.sin(2 * np.pi * 1000 * burst / sample_rate)
            channels = len(audio.codec_context.layout.channels)
            for start in range(0, len(wave), 1024):
                part = np.ascontiguousarray(np.tile(wave[start : start + 1024], (channels, 1)))
                frame = av.AudioFrame.from_ndarray(part, format='fltp', layout=layout)
                frame.sample_rate, frame.pts = sample_rate, start
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a test video."""

    def make(name: str = 'video.mp4', **kwargs) -> Path:
        return write_video(tmp_path / name, **kwargs)

    return make
