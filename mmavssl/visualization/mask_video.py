"""A video, with sound, of clips with their localization maps, masks and mixed frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np

from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.progress import followed, progress_bar
from mmavssl.visualization.mask_figure import (
    BACKGROUND,
    GAP,
    TITLE_HEIGHT,
    ClipPanel,
    panel_rows,
    text_strip,
)
from mmavssl.visualization.movie import check_encoders, write_movie


@dataclass
class PlayedClip:
    """A clip, and what a video needs besides its pictures.

    Args:
        panel: what is drawn.
        seconds: how long the clip lasts; all of its frames are shown for the same time.
        sound: (S,) float32 at 16 kHz, or None where there is none. Its middle is that of the clip,
            as `LoadAVClip` cuts it; what is before or after the clip is not played.
    """

    panel: ClipPanel
    seconds: float
    sound: np.ndarray | None = None


def save_mask_video(
    path: str | Path, clips: Sequence[PlayedClip], cell: int = 224, progress: bool = False
) -> None:
    """Write clips, one after the other, to an MP4 file of H.264 and AAC; make its folder.

    Args:
        path: file to write; an existing one is replaced.
        clips: at least one. The first gives the size of the pictures. Where none has sound, the
            file has no track of it.
        cell: height of a frame in the pictures, in pixels.
        progress: show a bar.

    Raises:
        DataError: PyAV was built without the H.264 or AAC encoder.
        ValueError: no clip.
    """
    if not clips:
        raise ValueError('Expected at least one clip to show, but got none.')
    check_encoders(path)
    sound = None
    if any(clip.sound is not None for clip in clips):
        sound = np.concatenate([sound_of(clip) for clip in clips])
    rate = Fraction(len(clips[0].panel.frames) / clips[0].seconds).limit_denominator(1000)
    seconds = frame_seconds(clips)
    pictures = chain.from_iterable(draw_pictures(clip.panel, cell) for clip in clips)
    first = next(pictures)
    with progress_bar('Drawing', len(seconds), shown=progress) as advance:
        drawn = followed(chain([first], pictures), advance)
        write_movie(path, drawn, seconds, first.shape[:2], sound, rate)


def frame_seconds(clips: Sequence[PlayedClip]) -> list[float]:
    """Return how long each frame of all clips is shown."""
    return [clip.seconds / len(clip.panel.frames) for clip in clips for _ in clip.panel.frames]


def draw_pictures(panel: ClipPanel, cell: int) -> Iterator[np.ndarray]:
    """Yield a picture (H, W, 3) for each frame: what is drawn of it, side by side, named.

    Args:
        panel: what is drawn.
        cell: height of a frame, in pixels. H and W are even, as H.264 needs them.
    """
    rows = panel_rows(panel, cell)
    for index in range(len(panel.frames)):
        columns = [name_above(name, row[index]) for name, row in rows.items()]
        body = np.concatenate(columns, axis=1)
        picture = np.concatenate([text_strip(panel.title, body.shape[1], TITLE_HEIGHT), body])
        height, width = picture.shape[:2]
        yield pad(picture, height % 2, width % 2)


def name_above(name: str, frame: np.ndarray) -> np.ndarray:
    """Return a column of a picture: a frame (H, W, 3) under its name, with a gap on the right."""
    return pad(np.concatenate([text_strip(name, frame.shape[1], TITLE_HEIGHT), frame]), 0, GAP)


def pad(picture: np.ndarray, below: int, right: int) -> np.ndarray:
    """Add background below and on the right of a picture (H, W, 3)."""
    margins = ((0, below), (0, right), (0, 0))
    return np.pad(picture, margins, constant_values=BACKGROUND[0])


def sound_of(clip: PlayedClip) -> np.ndarray:
    """Return what is heard of a clip, float32 (16000 * seconds,); zeros where there is nothing."""
    length = round(clip.seconds * SAMPLE_RATE)
    sound = np.zeros(0) if clip.sound is None else clip.sound
    before = (length - len(sound)) // 2
    played = np.zeros(length, np.float32)
    part = sound[max(-before, 0) :][:length]
    played[max(before, 0) :][: len(part)] = part
    return played
