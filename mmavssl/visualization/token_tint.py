"""Show which of two clips each token of a mixed clip comes from."""

import cv2
import numpy as np

from mmavssl.visualization.mask_figure import token_grid

OWN_COLOUR = (0, 114, 255)
PARTNER_COLOUR = (255, 140, 0)
OPACITY = 0.3


def tint_tokens(frames: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Tint the tokens by their clip, and outline those of this clip.

    Args:
        frames: uint8 (T, H, W, 3), the mixed clip.
        mask: bool (T, h * w), True = token of this clip, False = of its partner.

    Returns:
        uint8 (T, H, W, 3): blue and outlined where the token is of this clip, orange elsewhere.
    """
    height, width = frames.shape[1:3]
    rows, columns = token_grid(mask.shape[1], height, width)
    own = np.stack(
        [
            cv2.resize(plane, (width, height), interpolation=cv2.INTER_NEAREST)
            for plane in np.uint8(mask).reshape(len(mask), rows, columns)
        ]
    )
    colours = np.where(own[..., None] == 1, np.float32(OWN_COLOUR), np.float32(PARTNER_COLOUR))
    tinted = np.uint8(np.rint(frames * (1 - OPACITY) + colours * OPACITY))
    tinted[outline(own)] = OWN_COLOUR
    return tinted


def outline(regions: np.ndarray) -> np.ndarray:
    """Return the pixels just inside of the edges of regions, bool (T, H, W).

    Args:
        regions: 0 or 1, uint8 (T, H, W); the border of a frame is no edge.
    """
    inside = np.stack([cv2.erode(plane, np.ones((3, 3), np.uint8)) for plane in regions])
    return regions != inside
