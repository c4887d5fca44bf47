"""Audio spectrogram transformer (AST): a vision transformer over a log-mel spectrogram."""

import torch
from einops import rearrange
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.models.backbones.vit_layers import LAYER_NORM_EPS, ViTBlock, init_vit
from mmavssl.models.utils.pretrained import load_pretrained
from mmavssl.models.utils.vit_weights import adapt_to_ast
from mmavssl.registry import BACKBONES
from mmavssl.utils.ranges import MAX_COUNT, MAX_WIDTH, check_counts, check_range


class SpectrogramEmbed(nn.Module):
    """Patch embedding of a one-channel spectrogram, tokens ordered frequency-major."""

    def __init__(self, embed_dims: int, patch_size: int, stride: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(1, embed_dims, patch_size, stride)

    def forward(self, logmel: Tensor) -> Tensor:
        """Map (B, T_a, F) to (B, f * t, D)."""
        patches = self.proj(rearrange(logmel, 'b t f -> b 1 f t'))
        return rearrange(patches, 'b d f t -> b (f t) d')


@BACKBONES.register_module()
class ASTEncoder(BaseModule):
    """AST without its classification head (Gong et al., 2021).

    State-dict names are those of the official model without its ``v.`` prefix. The paper's cost
    figures imply the default: class token only, patches that do not overlap.

    Args:
        embed_dims: width D.
        depth: number of blocks.
        num_heads: attention heads.
        num_mel_bins: F of the input.
        num_frames: T_a of the input; other lengths need another position embedding.
        patch_size: side of the patches.
        stride: step between patches (16; 10 in most of AST's own checkpoints).
        distilled: add DeiT's distillation token, as official AST checkpoints have it.
        init_cfg: ``dict(type='Pretrained', checkpoint=...)`` loads an image transformer or AST
            (see `adapt_to_ast`).

    Raises:
        ValueError: input smaller than a patch, or a number that is not positive.
    """

    def __init__(
        self,
        embed_dims: int = 768,
        depth: int = 12,
        num_heads: int = 12,
        num_mel_bins: int = 128,
        num_frames: int = 256,
        patch_size: int = 16,
        stride: int = 16,
        distilled: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_range('depth', depth, 0, MAX_COUNT)
        check_counts(num_heads=num_heads, patch_size=patch_size, stride=stride)
        check_counts(
            MAX_WIDTH, embed_dims=embed_dims, num_mel_bins=num_mel_bins, num_frames=num_frames
        )
        if min(num_mel_bins, num_frames) < patch_size:
            raise ValueError(
                f'Expected `num_mel_bins` and `num_frames` to be at least `patch_size`='
                f'{patch_size}, but got {num_mel_bins} and {num_frames}.'
            )
        self.embed_dims = embed_dims
        self.patch_size = patch_size
        self.input_shape = (num_frames, num_mel_bins)
        self.grid = (
            (num_mel_bins - patch_size) // stride + 1,
            (num_frames - patch_size) // stride + 1,
        )
        self.patch_embed = SpectrogramEmbed(embed_dims, patch_size, stride)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dims))
        self.dist_token = nn.Parameter(torch.zeros(1, 1, embed_dims)) if distilled else None
        num_tokens = 1 + distilled + self.grid[0] * self.grid[1]
        self.pos_embed = nn.Parameter(torch.zeros(1, num_tokens, embed_dims))
        self.blocks = nn.ModuleList(ViTBlock(embed_dims, num_heads) for _ in range(depth))
        self.norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        init_vit(self, *self.special_tokens, self.pos_embed)

    @property
    def special_tokens(self) -> list[nn.Parameter]:
        """Tokens before the patches: class and, if distilled, distillation token."""
        return [self.cls_token] + ([] if self.dist_token is None else [self.dist_token])

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names; otherwise keep the initial values."""
        if self.init_cfg and not self.is_init:
            load_pretrained(self, self.init_cfg, adapt_to_ast)
        self.is_init = True

    def embed(self, logmel: Tensor) -> Tensor:
        """Return patch tokens (B, f * t, D) of a log-mel (B, T_a, F).

        Raises:
            ValueError: the log-mel has another size than the model was built for.
        """
        if tuple(logmel.shape[1:]) != self.input_shape:
            raise ValueError(
                f'Expected a log-mel of (frames, mel bins) = {self.input_shape}, but got '
                f'{tuple(logmel.shape[1:])}. Make `num_frames` and `num_mel_bins` of ASTEncoder '
                'agree with `LogMel` in the pipeline.'
            )
        return self.patch_embed(logmel)

    def encode_tokens(self, tokens: Tensor) -> Tensor:
        """Return all tokens, normalized: (B, S + f * t, D) with S special tokens in front."""
        special = torch.cat(self.special_tokens, dim=1).expand(tokens.shape[0], -1, -1)
        x = torch.cat([special, tokens], dim=1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def encode(self, tokens: Tensor) -> Tensor:
        """Return the feature (B, D) of patch tokens (B, f * t, D).

        It is the class token (Eq. 8); if distilled, the mean of both special tokens.
        """
        return self.encode_tokens(tokens)[:, : len(self.special_tokens)].mean(dim=1)

    def forward(self, logmel: Tensor) -> Tensor:
        """Return the feature (B, D) of a log-mel (B, T_a, F)."""
        return self.encode(self.embed(logmel))
