"""Drawing: sprites and backgrounds with NumPy and OpenCV."""

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np

from mmavssl.datasets.avsprites.motions import Pose
from mmavssl.datasets.avsprites.shapes import SHADES, SHAPES

SUBPIXEL_BITS = 4
BRUSH = 1.0  # pixels; OpenCV fills a polygon and draws its boundary as a line of this width
HUE_JITTER = 0.025


@dataclass
class Sprite:
    """A shape on its way through a clip.

    Args:
        shape: key of `SHAPES`.
        colours: RGB in [0, 255] for each of `SHADES`.
        radius: pixels.
        centres: (T, 2) x and y in pixels, where pixel i spans [i, i + 1].
        pose: T poses relative to the centres.
        tilt: radians, constant.
    """

    shape: str
    colours: dict[str, tuple[int, int, int]]
    radius: float
    centres: np.ndarray
    pose: Pose
    tilt: float = 0.0

    def __post_init__(self) -> None:
        contours = SHAPES[self.shape]()
        self._outline = self._place(np.concatenate(contours['dark']))
        self._layers = [
            (self.colours[shade], [_fixed_point(self._place(line)) for line in contours[shade]])
            for shade in SHADES
        ]

    def _place(self, points: np.ndarray) -> np.ndarray:
        """Return unit points (V, 2) in pixels for every frame (T, V, 2)."""
        pose, angle = self.pose, self.tilt + self.pose.angle
        scaled = points * np.stack([pose.sx, pose.sy], axis=1)[:, None]
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        x = cos * scaled[..., 0] - sin * scaled[..., 1] + pose.dx[:, None]
        y = sin * scaled[..., 0] + cos * scaled[..., 1] + pose.dy[:, None]
        return self.radius * np.stack([x, y], axis=2) + self.centres[:, None]

    def draw(self, frames: np.ndarray) -> None:
        """Paint onto frames (T, H, W, 3) uint8 in place, antialiased."""
        for index, frame in enumerate(frames):
            for colour, contours in self._layers:
                polygons = [contour[index] for contour in contours]
                cv2.fillPoly(frame, polygons, colour, cv2.LINE_AA, SUBPIXEL_BITS)

    def boxes(self, size: int) -> np.ndarray:
        """Return the boxes (T, 4) of the silhouette: x1, y1, x2, y2 clipped to [0, size]."""
        corners = [self._outline.min(axis=1) - BRUSH / 2, self._outline.max(axis=1) + BRUSH / 2]
        return np.clip(np.concatenate(corners, axis=1), 0, size).astype(np.float32)


def _fixed_point(points: np.ndarray) -> np.ndarray:
    # OpenCV puts pixel i's centre at coordinate i; ours is at i + 0.5.
    return np.rint((points - 0.5) * 2**SUBPIXEL_BITS).astype(np.int32)


def draw_colours(hue: float, rng: np.random.Generator) -> dict[str, tuple[int, int, int]]:
    """Draw the three shades of a sprite around a hue in [0, 1)."""
    hue = hue + rng.uniform(-HUE_JITTER, HUE_JITTER)
    saturation, value = rng.uniform(0.8, 1.0), rng.uniform(0.8, 1.0)
    shades = {
        'dark': (saturation, 0.45 * value),
        'main': (saturation, value),
        'light': (0.35 * saturation, 1.0),
    }
    return {
        shade: tuple(round(255 * c) for c in colorsys.hsv_to_rgb(hue % 1.0, *rest))
        for shade, rest in shades.items()
    }


def draw_background(size: int, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a dull cloudy texture that glides slowly past.

    Args:
        size: side S of the frame in pixels.
        times: (T,) seconds.
        rng: source of texture, colours and speed.

    Returns:
        (T, S, S, 3) uint8.
    """
    side = size * 3 // 2
    clouds = sum(
        weight * cv2.resize(rng.random((cells, cells), dtype=np.float32), (side, side),
                            interpolation=cv2.INTER_CUBIC)
        for cells, weight in ((5, 0.55), (24, 0.45))
    )  # fmt: skip
    pair = [
        colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, 0.3), rng.uniform(*values))
        for values in ((0.15, 0.45), (0.45, 0.75))
    ]
    low, high = 255 * np.array(pair, dtype=np.float32)
    texture = np.clip(low + clouds[..., None] * (high - low), 0, 255).astype(np.uint8)

    velocity = rng.uniform(-0.06, 0.06, 2) * size
    offsets = (side - size) / 2 + velocity * (times - times.mean())[:, None]
    frames = np.empty((len(times), size, size, 3), np.uint8)
    for frame, (x, y) in zip(frames, offsets, strict=True):
        shift = np.array([[1, 0, -x], [0, 1, -y]])
        cv2.warpAffine(texture, shift, (size, size), dst=frame, borderMode=cv2.BORDER_REFLECT_101)
    return frames


def add_noise(frames: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """Add grey Gaussian noise (the same in all three channels) to frames (T, S, S, 3) uint8.

    Every frame takes its noise from another place of one field, which is much faster than to draw
    all of it and looks the same.
    """
    if deviation == 0:
        return frames
    size = frames.shape[1]
    field = deviation * rng.standard_normal((2 * size, 2 * size), dtype=np.float32)
    field = np.repeat(np.rint(field).astype(np.int16)[..., None], 3, axis=2)
    noisy = np.empty_like(frames)
    for frame, result, (x, y) in zip(
        frames, noisy, rng.integers(0, size + 1, (len(frames), 2)), strict=True
    ):
        cv2.add(frame, field[y : y + size, x : x + size], result, dtype=cv2.CV_8U)
    return noisy
