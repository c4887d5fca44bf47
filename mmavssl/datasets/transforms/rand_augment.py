"""RandAugment of a clip."""

import torch
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS
from mmavssl.utils.ranges import check_range

GREY = 128
MAGNITUDES = 31


@TRANSFORMS.register_module()
class RandAugment(BaseTransform):
    """torchvision's RandAugment with one draw for all frames of the clip.

    Args:
        num_ops: operations in a row.
        magnitude: their strength, 0 to 30.

    Raises:
        ValueError: a number outside of its range.
    """

    def __init__(self, num_ops: int = 2, magnitude: int = 9) -> None:
        from torchvision.transforms import v2  # takes a second, which few pipelines need

        check_range('num_ops', num_ops, 0, 100)
        if not 0 <= magnitude < MAGNITUDES:
            raise ValueError(
                f'Expected `magnitude` to be in [0, {MAGNITUDES - 1}], but got {magnitude!r}.'
            )
        self.augment = v2.RandAugment(num_ops, magnitude, MAGNITUDES, fill=GREY)

    def transform(self, results: dict) -> dict:
        """Augment all frames alike."""
        clip = torch.from_numpy(results['imgs']).permute(0, 3, 1, 2)
        results['imgs'] = self.augment(clip).permute(0, 2, 3, 1).contiguous().numpy()
        return results
