"""Contrast of whole frames with sounds."""

import torch
from torch import Tensor

from mmavssl.models.losses.av_contrastive import diagonal_nce
from mmavssl.models.losses.mil_contrastive import MILContrastiveLoss
from mmavssl.registry import LOSSES


@LOSSES.register_module()
class PooledContrastiveLoss(MILContrastiveLoss):
    """Plain contrast of a frame's mean feature with its sound, for the baseline `CosineLocalizer`.

    As `MILContrastiveLoss`, but all locations count alike instead of the best one.
    """

    def terms(self, image_feat: Tensor, audio_feat: Tensor) -> dict[str, Tensor]:
        """Return the named terms; arguments as in `forward`."""
        with torch.autocast(image_feat.device.type, enabled=False):
            pooled = image_feat.float().mean(dim=(2, 3))
            similarity = pooled @ audio_feat.float().T / self.temperature
            return {'contrast': diagonal_nce(similarity) + diagonal_nce(similarity.T)}
