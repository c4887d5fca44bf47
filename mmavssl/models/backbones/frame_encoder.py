"""Any image network of timm as a video backbone: each frame on its own, then their mean."""

from einops import rearrange
from torch import Tensor

from mmavssl.models.backbones.timm_encoder import TimmEncoder
from mmavssl.models.utils.memory_format import fast_layout
from mmavssl.registry import BACKBONES


@BACKBONES.register_module()
class TimmFrameEncoder(TimmEncoder):
    """Mean over time of the pooled features that an image network of timm gives of each frame.

    The order of the frames makes no difference. Frames have to be normalized by the mean and
    standard deviation that the weights were trained with, which for some are not ImageNet's:
    ``timm.get_pretrained_cfg(name)`` tells.

    Arguments are those of `TimmEncoder`.
    """

    def forward(self, clip: Tensor) -> Tensor:
        """Return the feature (B, D) of a clip (B, 3, T, H, W)."""
        frames = rearrange(clip, 'b c t h w -> (b t) c h w')
        features = self.network(fast_layout(frames))
        return features.unflatten(0, (-1, clip.shape[2])).mean(dim=1)
