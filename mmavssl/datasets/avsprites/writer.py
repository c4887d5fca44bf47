"""Writing clips as MP4 (H.264 and AAC) with PyAV."""

from pathlib import Path

import av
import cv2
import numpy as np

from mmavssl.utils.errors import DataError

# The file is to depend on its content alone: one thread, and no macroblock-tree rate control. With
# the latter, x264's AVX-512 code gave another file in up to one of five repetitions of the same
# encoding (core 165; measured in a virtual machine). Look-ahead serves nothing else here. Without
# frame reordering the time stamps begin at 0, with no edit list that a decoder might ignore.
X264_OPTIONS = {
    'preset': 'veryfast',
    'crf': '20',
    'bf': '0',
    'g': '16',
    'threads': '1',
    'mbtree': '0',
    'rc-lookahead': '0',
}
# The default coder takes three times as long, most of the time of a clip.
AAC_OPTIONS = {'aac_coder': 'fast'}
AUDIO_BIT_RATE = 64000


def write_clip(
    path: str | Path, frames: np.ndarray, waveform: np.ndarray, fps: int, sample_rate: int
) -> None:
    """Write frames and sound to an MP4 file that begins with both at time 0.

    Args:
        path: file to write; an existing one is replaced.
        frames: (T, H, W, 3) uint8 RGB, H and W even.
        waveform: (S,) float32 mono in [-1, 1].
        fps: frames a second.
        sample_rate: Hz.

    Raises:
        DataError: PyAV was built without the H.264 or AAC encoder.
    """
    for encoder in ('libx264', 'aac'):
        if encoder not in av.codecs_available:
            raise DataError(
                f'PyAV has no encoder {encoder!r}, which writing {path} needs. The binary wheels '
                f'of PyPI contain it: pip install --only-binary av av'
            )
    with av.open(str(path), 'w') as container:
        video = container.add_stream('libx264', rate=fps, options=X264_OPTIONS)
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = 'yuv420p'
        video.thread_count = 1
        audio = container.add_stream('aac', rate=sample_rate, layout='mono', options=AAC_OPTIONS)
        audio.bit_rate = AUDIO_BIT_RATE
        for time, frame in enumerate(frames):
            planes = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420)
            image = av.VideoFrame.from_ndarray(planes, format='yuv420p')
            image.pts = time
            container.mux(video.encode(image))
        container.mux(video.encode())
        samples = np.ascontiguousarray(waveform[None], dtype=np.float32)
        sound = av.AudioFrame.from_ndarray(samples, format='fltp', layout='mono')
        sound.sample_rate = sample_rate
        sound.pts = 0
        container.mux(audio.encode(sound))
        container.mux(audio.encode())
