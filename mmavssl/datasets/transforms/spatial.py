"""Crops and flips of clips; all frames of a clip share the draw."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS
from mmavssl.utils.ranges import MAX_SIDE, check_counts


def crop_resize(imgs: np.ndarray, box: np.ndarray, size: int) -> np.ndarray:
    """Cut a box out of frames (T, H, W, 3) and scale it to a square (T, size, size, 3).

    Cropping first and scaling only what is kept gives the same picture as scaling the full frame
    and cropping it, up to the rounding of the box, at a fraction of the cost.

    Args:
        imgs: frames, uint8.
        box: (x1, y1, x2, y2), whole pixels.
        size: side of the result.
    """
    x1, y1, x2, y2 = box.tolist()
    return resize(imgs[:, y1:y2, x1:x2], size, size)


def resize(imgs: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale frames (T, H, W, 3) to (T, height, width, 3).

    Args:
        imgs: frames, uint8.
        height: of the result.
        width: of the result.
    """
    # Bilinear interpolation leaves pixels out where it shrinks by more than 2; means do not.
    shrinks = imgs.shape[1] > 2 * height or imgs.shape[2] > 2 * width
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    out = np.empty((len(imgs), height, width, 3), np.uint8)
    for frame, target in zip(imgs, out, strict=True):
        cv2.resize(frame, (width, height), target, interpolation=interpolation)
    return out


def crop_side(height: int, width: int, size: int, scale: int) -> int:
    """Return how many pixels of the file a crop of ``size`` covers, at least one.

    Args:
        height: of the frame.
        width: of the frame.
        size: side of the crop after scaling.
        scale: length of the short side after scaling.
    """
    return max(round(min(height, width) * size / scale), 1)


@TRANSFORMS.register_module()
class RandomScaleCrop(BaseTransform):
    """Scale the short side to a random length, then crop a random square (SVFormer's weak view).

    Records ``crop_box`` (x1, y1, x2, y2) in pixels of the file, per clip.

    Args:
        scale: least and greatest length of the short side.
        size: side of the square, at most the least scale.
    """

    def __init__(self, scale: tuple[int, int] = (256, 320), size: int = 224) -> None:
        check_counts(MAX_SIDE, size=size, scale=scale[1])
        if not size <= scale[0] <= scale[1]:
            raise ValueError(
                f'Expected `size` <= `scale[0]` <= `scale[1]`, but got {size!r} and {scale!r}.'
            )
        self.scale = scale
        self.size = size

    def transform(self, results: dict) -> dict:
        """Crop all frames."""
        height, width = results['imgs'].shape[1:3]
        short = np.random.randint(self.scale[0], self.scale[1] + 1)
        side = crop_side(height, width, self.size, short)
        x, y = (np.random.randint(length - side + 1) for length in (width, height))
        results['crop_box'] = np.array([[x, y, x + side, y + side]])
        results['imgs'] = crop_resize(results['imgs'], results['crop_box'][0], self.size)
        return results


@TRANSFORMS.register_module()
class ThreeCrop(BaseTransform):
    """Three squares along the long side of every clip: both ends and the middle.

    Turns ``imgs`` (K * T, H, W, 3) into (K * 3 * T, size, size, 3), crops varying within clips.

    Args:
        scale: length to which the short side is scaled.
        size: side of the squares.
    """

    num_crops = 3

    def __init__(self, scale: int = 224, size: int = 224) -> None:
        check_counts(MAX_SIDE, scale=scale)
        if not 1 <= size <= scale:
            raise ValueError(f'Expected 1 <= `size` <= `scale`, but got {size!r}, {scale!r}.')
        self.scale = scale
        self.size = size

    def boxes(self, height: int, width: int) -> np.ndarray:
        """Return the boxes (num_crops, 4) of frames of that size."""
        side = crop_side(height, width, self.size, self.scale)
        shares = np.linspace(0, 1, self.num_crops) if self.num_crops > 1 else np.array([0.5])
        middle = np.full(self.num_crops, 0.5)
        x = (width - side) * (shares if width >= height else middle)
        y = (height - side) * (middle if width >= height else shares)
        x, y = x.round().astype(np.int64), y.round().astype(np.int64)
        return np.stack([x, y, x + side, y + side], axis=1)

    def transform(self, results: dict) -> dict:
        """Crop all frames."""
        height, width = results['imgs'].shape[1:3]
        boxes = self.boxes(height, width)
        factor = self.size / (boxes[0, 2] - boxes[0, 0])
        scaled = resize(results['imgs'], round(height * factor), round(width * factor))
        num_frames = results['frame_inds'].shape[1]
        clips = scaled.reshape(-1, 1, num_frames, *scaled.shape[1:])
        corners = (boxes[:, :2] * factor).round().astype(np.int64)
        results['imgs'] = np.concatenate(
            [clips[:, :, :, y : y + self.size, x : x + self.size] for x, y in corners], axis=1
        ).reshape(-1, self.size, self.size, 3)
        results['crop_box'] = np.tile(boxes, (len(clips), 1))
        return results


@TRANSFORMS.register_module()
class CenterCrop(ThreeCrop):
    """The square in the middle of every clip.

    Args:
        scale: length to which the short side is scaled.
        size: side of the square.
    """

    num_crops = 1


@TRANSFORMS.register_module()
class Flip(BaseTransform):
    """Mirror the clip horizontally with a probability. Records ``flip``.

    Args:
        prob: of mirroring.
    """

    def __init__(self, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'Expected `prob` to be in [0, 1], but got {prob!r}.')
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Mirror all frames or none."""
        results['flip'] = bool(np.random.rand() < self.prob)
        if results['flip']:
            results['imgs'] = np.stack([cv2.flip(frame, 1) for frame in results['imgs']])
        return results
