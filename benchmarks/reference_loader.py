"""A plain loader, which `loader.py` compares ours with.

Written from a description of SVFormer's released loader: each view opens the file and decodes its
window with PyAV; all decoded frames become RGB arrays, of which 8 are used; these are normalized
and scaled as whole frames in float, and cropped last. The sound, which SVFormer has none of, is
read in the same spirit: decoded as a whole per view, resampled and transformed by torchaudio.
"""

from collections.abc import Callable
from dataclasses import dataclass

import av
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchaudio.compliance.kaldi import fbank
from torchaudio.functional import resample
from torchaudio.transforms import FrequencyMasking, TimeMasking

NUM_FRAMES, INTERVAL, TARGET_FPS = 8, 8, 30
SIZE, SCALE = 224, (256, 320)
AUDIO_SECONDS, RATE, NUM_BINS, NUM_LOGMELS = 2.56, 16000, 128, 256
NUM_CLIPS, NUM_CROPS = 5, 3


@dataclass
class Window:
    """Part of a file: its first frame (may be a fraction) and its length in frames."""

    begin: float
    length: float
    fps: float


def train_sample(
    path: str, rng: np.random.Generator, augment: Callable[[Tensor], Tensor] | None = None
) -> list[tuple[Tensor, Tensor]]:
    """Return the weak and the strong view of a file, each from an open file of its own.

    Args:
        path: of the file.
        rng: what draws windows, scales and crops.
        augment: of the strong view's frames (8, 3, H, W), uint8, before they are scaled.
    """
    weak, strong = (train_view(path, rng, part) for part in (None, augment))
    logmel = strong[1].T[None]
    for mask in (FrequencyMasking(48), TimeMasking(51)):
        logmel = mask(logmel)
    return [weak, (strong[0], logmel[0].T)]


def train_view(
    path: str, rng: np.random.Generator, augment: Callable[[Tensor], Tensor] | None
) -> tuple[Tensor, Tensor]:
    """Return the frames (3, 8, 224, 224) and the log-mel of a random window."""
    frames, window = read_frames(path, lambda slack: rng.uniform(0, slack))
    if augment is not None:
        frames = augment(frames.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    clip = scale(normalize(frames), round(rng.uniform(*SCALE)))
    top, left = (rng.integers(0, side - SIZE + 1) for side in clip.shape[2:])
    clip = clip[:, :, top : top + SIZE, left : left + SIZE]
    if rng.random() < 0.5:
        clip = clip.flip(3)
    return clip.contiguous(), read_logmel(path, window)


def test_views(path: str) -> list[tuple[Tensor, Tensor]]:
    """Return the 15 views of a file, each from an open file of its own."""
    return [test_view(path, clip, crop) for clip in range(NUM_CLIPS) for crop in range(NUM_CROPS)]


def test_view(path: str, clip: int, crop: int) -> tuple[Tensor, Tensor]:
    """Return the frames and the log-mel of one of 5 windows and one of 3 crops."""
    frames, window = read_frames(path, lambda slack: slack * clip / NUM_CLIPS)
    scaled = scale(normalize(frames), SIZE)
    top, left = ((side - SIZE) * crop // (NUM_CROPS - 1) for side in scaled.shape[2:])
    cropped = scaled[:, :, top : top + SIZE, left : left + SIZE]
    return cropped.contiguous(), read_logmel(path, window)


def read_frames(path: str, choose: Callable[[float], float]) -> tuple[Tensor, Window]:
    """Return frames (8, H, W, 3), uint8, of a window whose begin is chosen."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = 'NONE'
        fps = float(stream.average_rate)
        total = stream.frames or round(float(stream.duration * stream.time_base) * fps)
        length = NUM_FRAMES * INTERVAL * fps / TARGET_FPS
        begin = choose(max(total - length, 0.0))
        unit = float(stream.time_base) * fps
        first, last = int(begin / unit), int((begin + length - 1) / unit)
        container.seek(max(first - 1024, 0), stream=stream, backward=True)
        frames = {}
        for frame in container.decode(stream):
            if frame.pts >= first:
                frames[frame.pts] = frame
            if frame.pts > last:
                break
    pictures = np.stack([frames[pts].to_rgb().to_ndarray() for pts in sorted(frames)])
    chosen = np.linspace(0, length - 1, NUM_FRAMES).astype(int).clip(0, len(pictures) - 1)
    return torch.from_numpy(pictures)[chosen], Window(begin, length, fps)


def normalize(frames: Tensor) -> Tensor:
    """Return frames (3, T, H, W), float."""
    return ((frames.float() / 255 - 0.45) / 0.225).permute(3, 0, 1, 2)


def scale(clip: Tensor, short: int) -> Tensor:
    """Scale whole frames (3, T, H, W) to a length of the short side."""
    height, width = clip.shape[2:]
    factor = short / min(height, width)
    size = (max(int(height * factor), short), max(int(width * factor), short))
    return F.interpolate(clip, size=size, mode='bilinear', align_corners=False)


def read_logmel(path: str, window: Window) -> Tensor:
    """Return the log-mel (256, 128) of the sound around the middle of a window."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        parts = [frame.to_ndarray() for frame in container.decode(stream)]
        rate = stream.rate
    wave = resample(torch.from_numpy(np.concatenate(parts, axis=1)).mean(0), rate, RATE)
    middle = (window.begin + window.length / 2) / window.fps
    count = round(AUDIO_SECONDS * RATE)
    begin = min(max(round((middle - AUDIO_SECONDS / 2) * RATE), 0), max(len(wave) - count, 0))
    wave = wave[begin : begin + count]
    logmel = fbank(
        (wave - wave.mean())[None], htk_compat=True, sample_frequency=RATE, use_energy=False,
        window_type='hanning', num_mel_bins=NUM_BINS, dither=0.0, frame_shift=10,
    )  # fmt: skip
    return F.pad(logmel, (0, 0, 0, NUM_LOGMELS - len(logmel)))
