"""Fusion of the video and the audio feature by transformer encoder layers (Eq. 9)."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.registry import FUSIONS
from mmavssl.utils.ranges import MAX_WIDTH, check_counts, check_range


@FUSIONS.register_module()
class TransformerFusion(BaseModule):
    """Encoder layers on the features of both modalities.

    ``concat`` joins them into one token of width D_v + D_a: the reading that the paper's
    parameter and operation counts support. Attention over a single token is a linear map, so the
    layers act as an MLP. ``token`` makes a sequence of the two features, which attend to each
    other, and concatenates the outputs; so the head has the same width in both modes.

    The layers are torch's, with its defaults where the paper is silent: ReLU, norm after each
    residual.

    Args:
        video_dims: width D_v of the video feature.
        audio_dims: width D_a of the audio feature.
        mode: ``concat`` or ``token`` (needs D_v = D_a).
        num_layers: number of encoder layers.
        num_heads: attention heads, a divisor of the token's width.
        feedforward_channels: hidden width of the layers' MLP.
        dropout: probability of dropout in the layers.

    Raises:
        ValueError: unknown mode, ``token`` with features of unequal width, or heads that do not
            divide the width.
    """

    def __init__(
        self,
        video_dims: int = 768,
        audio_dims: int = 768,
        mode: str = 'concat',
        num_layers: int = 3,
        num_heads: int = 8,
        feedforward_channels: int = 2048,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if mode not in ('concat', 'token'):
            raise ValueError(f"Expected `mode` to be 'concat' or 'token', but got {mode!r}.")
        check_counts(num_layers=num_layers, num_heads=num_heads)
        check_counts(
            MAX_WIDTH,
            video_dims=video_dims,
            audio_dims=audio_dims,
            feedforward_channels=feedforward_channels,
        )
        check_range('dropout', dropout, 0, 1)
        if mode == 'token' and video_dims != audio_dims:
            raise ValueError(
                f"Expected equal `video_dims` and `audio_dims` in mode 'token', but got "
                f'{video_dims} and {audio_dims}.'
            )
        self.mode = mode
        self.video_dims = video_dims
        self.audio_dims = audio_dims
        self.out_dims = video_dims + audio_dims
        width = self.out_dims if mode == 'concat' else video_dims
        if width % num_heads:
            raise ValueError(
                f'Expected `num_heads` to divide the width {width} of the tokens in mode '
                f'{mode!r}, but got {num_heads}.'
            )
        # Not nn.TransformerEncoder, whose layers start as copies of one another.
        self.layers = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width, num_heads, feedforward_channels, dropout, batch_first=True
                )
                for _ in range(num_layers)
            )
        )

    def forward(self, video_feat: Tensor, audio_feat: Tensor) -> Tensor:
        """Fuse (B, D_v) and (B, D_a) into (B, D_v + D_a)."""
        # Always (B, L, D): a 2-D input would be one sequence and attend across the batch.
        if self.mode == 'concat':
            tokens = torch.cat([video_feat, audio_feat], dim=-1).unsqueeze(1)
        else:
            tokens = torch.stack([video_feat, audio_feat], dim=1)
        return self.layers(tokens).flatten(1)
