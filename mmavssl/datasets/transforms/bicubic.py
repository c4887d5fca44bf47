"""Scaling and crops of FNAC's and EZ-VSL's code, by Pillow's bicubic interpolation.

Pillow widens its filter where it shrinks a picture, as OpenCV's bicubic does not.
"""

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from mmavssl.registry import TRANSFORMS
from mmavssl.utils.ranges import MAX_SIDE, check_counts


def bicubic(imgs: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale frames (T, H, W, 3) to (T, height, width, 3).

    Args:
        imgs: frames, uint8.
        height: of the result.
        width: of the result.
    """
    frames = (Image.fromarray(frame) for frame in imgs)
    scaled = (frame.resize((width, height), Image.Resampling.BICUBIC) for frame in frames)
    return np.stack([np.asarray(frame) for frame in scaled])


@TRANSFORMS.register_module()
class BicubicRandomCrop(BaseTransform):
    """Scale the short side to a length, then crop a square at random.

    Records ``crop_box`` (x1, y1, x2, y2) in pixels of the file, not whole ones, per clip.

    Args:
        scale: length of the short side.
        size: side of the square, at most ``scale``.

    Raises:
        ValueError: they do not fit.
    """

    def __init__(self, scale: int = 246, size: int = 224) -> None:
        check_counts(MAX_SIDE, scale=scale)
        if not 1 <= size <= scale:
            raise ValueError(f'Expected 1 <= `size` <= `scale`, but got {size!r}, {scale!r}.')
        self.scale = scale
        self.size = size

    def transform(self, results: dict) -> dict:
        """Crop all frames at the same place."""
        height, width = results['imgs'].shape[1:3]
        short = min(height, width)
        # The long side is rounded down, as torchvision does.
        rows, columns = height * self.scale // short, width * self.scale // short
        x, y = (np.random.randint(length - self.size + 1) for length in (columns, rows))
        box = np.array([[x, y, x + self.size, y + self.size]])
        results['crop_box'] = box * np.tile([width / columns, height / rows], 2)
        scaled = bicubic(results['imgs'], rows, columns)
        results['imgs'] = scaled[:, y : y + self.size, x : x + self.size]
        return results


@TRANSFORMS.register_module()
class BicubicResize(BaseTransform):
    """Scale whole frames to a square, whatever their shape.

    Records ``crop_box``, the whole frame, per clip.

    Args:
        size: side of the square.

    Raises:
        ValueError: it is not positive.
    """

    def __init__(self, size: int = 224) -> None:
        check_counts(MAX_SIDE, size=size)
        self.size = size

    def transform(self, results: dict) -> dict:
        """Scale all frames."""
        height, width = results['imgs'].shape[1:3]
        results['crop_box'] = np.tile([0, 0, width, height], (len(results['frame_inds']), 1))
        results['imgs'] = bicubic(results['imgs'], self.size, self.size)
        return results
