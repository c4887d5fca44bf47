"""Colour jitter of a clip."""

import torch
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ColorJitter(BaseTransform):
    """torchvision's ColorJitter with one draw for all frames of the clip.

    Args:
        brightness: factor drawn from ``1 - brightness`` to ``1 + brightness``.
        contrast: likewise.
        saturation: likewise.
        hue: shift drawn from ``-hue`` to ``hue``, in turns of the colour circle (at most 0.5).
    """

    def __init__(
        self,
        brightness: float = 0.0,
        contrast: float = 0.0,
        saturation: float = 0.0,
        hue: float = 0.0,
    ) -> None:
        from torchvision.transforms import v2  # takes a second, which few pipelines need

        self.jitter = v2.ColorJitter(brightness, contrast, saturation, hue)

    def transform(self, results: dict) -> dict:
        """Jitter all frames alike."""
        clip = torch.from_numpy(results['imgs']).permute(0, 3, 1, 2)
        results['imgs'] = self.jitter(clip).permute(0, 2, 3, 1).contiguous().numpy()
        return results
