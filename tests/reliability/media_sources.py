"""Whole media files of many kinds, made of AVSprites clips, for `media_fuzz` to damage."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from mmavssl.datasets.avsprites.generate import AVSpritesConfig, generate
from mmavssl.datasets.avsprites.shipped import get_recipe
from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.video_file import VideoFile

#: name: codecs of pictures and sound, and options of the encoder and of the container.
VIDEOS = {
    'plain.mp4': ('libx264', 'aac', {'g': '16', 'threads': '1'}, {}),
    'fragments.mp4': ('libx264', 'aac', {'g': '8', 'bf': '0'}, {'movflags': 'frag_keyframe'}),
    'h264.mkv': ('libx264', 'flac', {'g': '16', 'threads': '1'}, {}),
    'vp8.webm': ('libvpx', 'libopus', {'g': '12', 'cpu-used': '8', 'deadline': 'realtime'}, {}),
    'mpeg4.avi': ('mpeg4', 'libmp3lame', {'g': '12'}, {}),
    'mpeg2.mpg': ('mpeg2video', 'mp2', {'g': '12'}, {}),
    'h264.ts': ('libx264', 'aac', {'g': '16', 'threads': '1'}, {}),
}
SOUNDS = {'sound.wav': 'pcm_s16le', 'sound.mp3': 'libmp3lame', 'sound.flac': 'flac'}
RATE = 16000


def make_sources(root: Path) -> dict[str, Path]:
    """Write one file of each kind, and return the paths by name.

    Args:
        root: folder, made if there is none.
    """
    data = root / 'avsprites'
    generate(data, AVSpritesConfig(get_recipe('default'), num_train=8, num_test=8), workers=1)
    clips = sorted((data / 'videos/train').glob('*.mp4'))
    paths = {f'avsprites{n}.mp4': path for n, path in enumerate(clips[:2])}
    frames, sound, fps = read_clip(clips[2])
    for name, (codec, audio, options, muxer) in VIDEOS.items():
        paths[name] = root / name
        write(paths[name], frames, sound, codec, audio, options, muxer, fps)
    paths['variable.mp4'] = root / 'variable.mp4'
    uneven = np.cumsum([0.0, *np.resize([0.03, 0.09, 0.06], len(frames) - 1)])
    write(paths['variable.mp4'], frames, sound, 'libx264', 'aac', {'g': '16'}, {}, fps, uneven)
    for name, codec in SOUNDS.items():
        paths[name] = root / name
        with av.open(str(paths[name]), 'w') as container:
            add_sound(container, container.add_stream(codec, rate=RATE, layout='mono'), sound)
    return paths


def read_clip(path: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """Return frames (T, H, W, 3), sound (S,) and frame rate."""
    video = VideoFile(str(path))
    return video.frames(np.arange(video.num_frames)), AudioFile(str(path)).waveform, video.fps


def write(
    path: Path, frames: np.ndarray, sound: np.ndarray, codec: str, audio_codec: str,
    options: dict[str, str], muxer: dict[str, str], fps: float, times: np.ndarray | None = None,
) -> None:  # fmt: skip
    """Write a video with sound, of constant frame rate unless ``times`` (seconds) are given."""
    rate = Fraction(fps).limit_denominator(1001)
    if codec == 'mpeg2video':
        rate, times = Fraction(25), np.arange(len(frames)) / 25  # it knows no others than TV's
    with av.open(str(path), 'w', options=muxer) as container:
        video = container.add_stream(codec, rate=rate, options=options)
        video.height, video.width, video.pix_fmt = *frames.shape[1:3], 'yuv420p'
        unit = 1 / rate if times is None or codec == 'mpeg2video' else Fraction(1, 90000)
        video.codec_context.time_base, video.thread_count = unit, 1
        audio = container.add_stream(
            audio_codec, rate=48000 if audio_codec in ('libopus', 'mp2') else RATE, layout='mono'
        )
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format='rgb24')
            frame.time_base = unit
            frame.pts = number if times is None else round(times[number] / unit)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        add_sound(container, audio, sound)


def add_sound(
    container: av.container.OutputContainer, stream: av.AudioStream, sound: np.ndarray
) -> None:
    """Encode a sound (S,) of 16 kHz."""
    frame = av.AudioFrame.from_ndarray(np.float32(sound[None]), format='fltp', layout='mono')
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    context = stream.codec_context
    resampler = av.AudioResampler(
        context.format.name, context.layout.name, context.sample_rate, context.frame_size or 1024
    )
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        container.mux(stream.encode(part))
    container.mux(stream.encode())
