"""Fusion of the video and the audio feature by joining them."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmavssl.registry import FUSIONS
from mmavssl.utils.ranges import MAX_WIDTH, check_counts


@FUSIONS.register_module()
class ConcatFusion(BaseModule):
    """Both features side by side, without parameters; the head decides about them.

    Args:
        video_dims: width D_v of the video feature.
        audio_dims: width D_a of the audio feature.

    Raises:
        ValueError: a width that is not positive.
    """

    def __init__(self, video_dims: int, audio_dims: int) -> None:
        super().__init__()
        check_counts(MAX_WIDTH, video_dims=video_dims, audio_dims=audio_dims)
        self.video_dims = video_dims
        self.audio_dims = audio_dims
        self.out_dims = video_dims + audio_dims

    def forward(self, video_feat: Tensor, audio_feat: Tensor) -> Tensor:
        """Join (B, D_v) and (B, D_a) to (B, D_v + D_a)."""
        return torch.cat([video_feat, audio_feat], dim=-1)
