"""A picture of clips with their localization maps, masks and mixed frames."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

BACKGROUND = (255, 255, 255)
INK = (20, 20, 20)
BOX_COLOUR = (60, 255, 60)
DROPPED_BRIGHTNESS = 0.2
HEATMAP_OPACITY = 0.55
GAP = 3
TITLE_HEIGHT = 22
LABEL_WIDTH = 92
FONT_SIZE = 13


@dataclass
class ClipPanel:
    """What is drawn of one clip; rows that are not given are left out.

    Args:
        frames: uint8 (T, H, W, 3), RGB.
        title: line above the rows.
        heatmap: (T, h, w), any real range; scaled to [0, 1] per frame, as the masker does.
        masks: bool (T, h * w) by name, True = token of this clip is kept; drawn side by side.
        mixed: uint8 (T, H, W, 3), the clip that a mask made of this one and its partner.
        boxes: (T, 4), x1, y1, x2, y2 in pixels of ``frames``; of the sounding actor.

    Raises:
        ValueError: numbers of frames differ.
    """

    frames: np.ndarray
    title: str = ''
    heatmap: np.ndarray | None = None
    masks: dict[str, np.ndarray] = field(default_factory=dict)
    mixed: np.ndarray | None = None
    boxes: np.ndarray | None = None

    def __post_init__(self) -> None:
        others = {'heatmap': self.heatmap, 'mixed': self.mixed, 'boxes': self.boxes, **self.masks}
        for name, array in others.items():
            if array is not None and len(array) != len(self.frames):
                raise ValueError(
                    f'Expected `{name}` to have the {len(self.frames)} frames of the clip, but '
                    f'got {len(array)}.'
                )


def draw_mask_figure(clips: Sequence[ClipPanel], cell: int = 96) -> np.ndarray:
    """Draw clips one below the other: frames, map, a row for each mask, mixed frames.

    Args:
        clips: at least one.
        cell: height of a frame in the picture, in pixels.

    Returns:
        RGB picture, uint8 (height, width, 3).

    Raises:
        ValueError: no clip.
    """
    if not clips:
        raise ValueError('Expected at least one clip to draw, but got none.')
    panels = [draw_panel(clip, cell) for clip in clips]
    width = max(panel.shape[1] for panel in panels)
    return np.concatenate([pad_right(panel, width) for panel in panels])


def draw_panel(clip: ClipPanel, cell: int) -> np.ndarray:
    """Draw the title and the rows of one clip."""
    strips = [draw_row(name, row) for name, row in panel_rows(clip, cell).items()]
    return np.concatenate([text_strip(clip.title, strips[0].shape[1], TITLE_HEIGHT), *strips])


def panel_rows(clip: ClipPanel, cell: int) -> dict[str, np.ndarray]:
    """Return what is drawn of a clip, by name: frames (T, cell, W, 3) each."""
    frames = np.stack([scale_to(frame, cell) for frame in clip.frames])
    rows = {'frames': with_boxes(frames, clip)}
    if clip.heatmap is not None:
        rows['sound source'] = with_boxes(overlay_heatmap(frames, clip.heatmap), clip)
    for name, mask in clip.masks.items():
        rows[name] = darken_dropped(frames, mask)
    if clip.mixed is not None:
        rows['mixed'] = np.stack([scale_to(frame, cell) for frame in clip.mixed])
    return rows


def draw_row(name: str, frames: np.ndarray) -> np.ndarray:
    """Put frames (T, H, W, 3) side by side, right of their name."""
    label = text_strip(name, LABEL_WIDTH, frames.shape[1])
    spaced = np.pad(frames, ((0, 0), (0, 0), (GAP, 0), (0, 0)), constant_values=BACKGROUND[0])
    row = np.concatenate([label, *spaced], axis=1)
    return np.pad(row, ((0, GAP), (0, 0), (0, 0)), constant_values=BACKGROUND[0])


def overlay_heatmap(frames: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Blend a map (T, h, w), scaled per frame, over frames (T, H, W, 3); red is high."""
    height, width = frames.shape[1:3]
    return np.stack(
        [
            blend(frame, heatmap_colours(values, height, width))
            for frame, values in zip(frames, heatmap, strict=True)
        ]
    )


def heatmap_colours(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a map (h, w), scaled to [0, 1], as colours (height, width, 3); red is high."""
    fine = cv2.resize(np.float32(values), (width, height), interpolation=cv2.INTER_LINEAR)
    fine = (fine - fine.min()) / max(float(fine.max() - fine.min()), np.finfo(np.float32).tiny)
    colours = cv2.applyColorMap(np.uint8(255 * fine), cv2.COLORMAP_JET)
    return cv2.cvtColor(colours, cv2.COLOR_BGR2RGB)


def blend(frame: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Lay the colours of a map over a frame, both (H, W, 3)."""
    return cv2.addWeighted(frame, 1 - HEATMAP_OPACITY, colours, HEATMAP_OPACITY, 0)


def darken_dropped(frames: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Darken the tokens of frames (T, H, W, 3) that a mask (T, h * w) drops."""
    height, width = frames.shape[1:3]
    rows, columns = token_grid(mask.shape[1], height, width)
    kept = np.float32(mask).reshape(len(mask), rows, columns)
    brightness = np.stack(
        [cv2.resize(plane, (width, height), interpolation=cv2.INTER_NEAREST) for plane in kept]
    )
    brightness = DROPPED_BRIGHTNESS + (1 - DROPPED_BRIGHTNESS) * brightness
    return np.uint8(frames * brightness[..., None])


def token_grid(num_tokens: int, height: int, width: int) -> tuple[int, int]:
    """Return rows and columns of square tokens on a frame of ``height`` x ``width``.

    Raises:
        ValueError: no grid of that shape has so many tokens.

    >>> token_grid(18, 60, 120)
    (3, 6)
    """
    rows = max(round((num_tokens * height / width) ** 0.5), 1)
    if num_tokens % rows:
        raise ValueError(
            f'Expected masks of square tokens on frames of {height} x {width}, but got '
            f'{num_tokens} tokens.'
        )
    return rows, num_tokens // rows


def with_boxes(frames: np.ndarray, clip: ClipPanel) -> np.ndarray:
    """Return frames (T, H, W, 3) with the clip's boxes drawn, if it has any."""
    if clip.boxes is None:
        return frames
    frames = frames.copy()
    scale = frames.shape[1] / clip.frames.shape[1]
    for frame, box in zip(frames, clip.boxes, strict=True):
        x1, y1, x2, y2 = (round(float(value) * scale) for value in box)
        cv2.rectangle(frame, (x1, y1), (x2 - 1, y2 - 1), BOX_COLOUR, 1)
    return frames


def scale_to(frame: np.ndarray, height: int) -> np.ndarray:
    """Scale a frame (H, W, 3) to ``height`` pixels, keeping its shape."""
    return resize(frame, height, round(frame.shape[1] * height / frame.shape[0]))


def resize(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale a frame (H, W, 3)."""
    shrinks = height < frame.shape[0]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(frame, (width, height), interpolation=interpolation)


def text_strip(text: str, width: int, height: int) -> np.ndarray:
    """Return a picture (height, width, 3) of one line of text, centred vertically."""
    image = Image.new('RGB', (width, height), BACKGROUND)
    font = ImageFont.load_default(FONT_SIZE)
    ImageDraw.Draw(image).text((4, height / 2), text, fill=INK, font=font, anchor='lm')
    return np.array(image)


def pad_right(picture: np.ndarray, width: int) -> np.ndarray:
    """Widen a picture (H, W, 3) to ``width`` with background."""
    missing = width - picture.shape[1]
    return np.pad(picture, ((0, 0), (0, missing), (0, 0)), constant_values=BACKGROUND[0])
