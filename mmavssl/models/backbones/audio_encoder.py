"""Any image network of timm as an audio backbone: a log-mel is a picture of one channel."""

from einops import rearrange
from torch import Tensor

from mmavssl.models.backbones.timm_encoder import TimmEncoder
from mmavssl.models.utils.memory_format import fast_layout
from mmavssl.registry import BACKBONES


@BACKBONES.register_module()
class TimmAudioEncoder(TimmEncoder):
    """Pooled feature that an image network of timm gives of a log-mel.

    Rows of its pictures are mel bins, columns are times. Weights of RGB networks serve as a
    start, as in AST's code: the first kernel is summed over its channels.

    Arguments are those of `TimmEncoder`; a network that does not take pictures of any size needs
    ``timm_args=dict(img_size=(F, T_a))``.
    """

    in_chans = 1

    def forward(self, logmel: Tensor) -> Tensor:
        """Return the feature (B, D) of a log-mel (B, T_a, F)."""
        return self.network(fast_layout(rearrange(logmel, 'b t f -> b 1 f t')))
