"""Whole frames, for maps that are cut out of them later."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.datasets.transforms.spatial import resize
from mmavssl.registry import TRANSFORMS
from mmavssl.utils.ranges import MAX_SIDE, check_counts


@TRANSFORMS.register_module()
class WholeFrame(BaseTransform):
    """Scale frames to a short side; nothing is cut off.

    Records ``frame_size`` (height and width in the file) and the ``crop_box`` of all of it.

    Args:
        short_side: in pixels.
    """

    def __init__(self, short_side: int = 224) -> None:
        check_counts(MAX_SIDE, short_side=short_side)
        self.short_side = short_side

    def transform(self, results: dict) -> dict:
        """Scale all frames."""
        height, width = results['imgs'].shape[1:3]
        factor = self.short_side / min(height, width)
        results['frame_size'] = (height, width)
        results['crop_box'] = np.tile([[0, 0, width, height]], (len(results['frame_inds']), 1))
        results['imgs'] = resize(results['imgs'], round(height * factor), round(width * factor))
        return results
