"""TimeSformer: a vision transformer over space and time."""

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from mmengine.model import BaseModule
from timm.layers import PatchEmbed
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mmavssl.models.backbones.vit_layers import LAYER_NORM_EPS, Attention, ViTBlock, init_vit
from mmavssl.models.utils.pretrained import load_pretrained
from mmavssl.models.utils.vit_weights import adapt_to_timesformer
from mmavssl.registry import BACKBONES
from mmavssl.utils.ranges import MAX_COUNT, MAX_WIDTH, check_counts, check_range

ATTENTION_TYPES = ('divided', 'joint', 'space_only')


class DividedBlock(ViTBlock):
    """Temporal attention per tube, spatial attention per frame, then an MLP.

    The class token skips the temporal attention and takes part in the spatial one of every frame,
    whose results are averaged. It travels apart from the patches: joining and separating them
    would copy all tokens several times per block.

    Args:
        dims: width D.
        num_heads: number of attention heads.
        drop_path: probability of dropping a branch: temporal per tube, spatial per frame, MLP per
            sample.
    """

    def __init__(self, dims: int, num_heads: int, drop_path: float = 0.0) -> None:
        super().__init__(dims, num_heads, drop_path)
        self.temporal_norm1 = nn.LayerNorm(dims, eps=LAYER_NORM_EPS)
        self.temporal_attn = Attention(dims, num_heads)
        self.temporal_fc = nn.Linear(dims, dims)

    def forward(self, cls_token: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Map class token (B, 1, D) and patches (B, N, T, D) to the same shapes."""
        _, num_patches, num_frames, _ = patches.shape
        tubes = patches.flatten(0, 1)
        temporal = self.drop_path(self.temporal_attn(self.temporal_norm1(tubes)))
        # The projection comes after drop path: a dropped tube still gets its bias.
        patches = patches + self.temporal_fc(temporal).view_as(patches)

        cls_tokens = repeat(cls_token, 'b 1 d -> b t 1 d', t=num_frames)
        frames = torch.cat([cls_tokens, patches.transpose(1, 2)], dim=2)  # B T 1+N D
        spatial = self.drop_path(self.attn(self.norm1(frames.flatten(0, 1)))).view_as(frames)
        # split, not slices: its gradient is one concatenation instead of two padded copies
        cls_update, patch_update = spatial.split([1, num_patches], dim=2)
        cls_token = cls_token + cls_update.mean(dim=1)
        patches = patches + patch_update.transpose(1, 2)

        cls_update, patch_update = self.mlp(self.norm2(cls_token)), self.mlp(self.norm2(patches))
        if self.training and not isinstance(self.drop_path, nn.Identity):
            keep = self.drop_path(cls_token.new_ones(len(cls_token), 1, 1))
            cls_update, patch_update = keep * cls_update, keep[..., None] * patch_update
        return cls_token + cls_update, patches + patch_update


@BACKBONES.register_module()
class TimeSformer(BaseModule):
    """TimeSformer with divided, joint or space-only attention (Bertasius et al., 2021).

    Without its classification head. State-dict names are those of the official model without its
    ``model.`` prefix. Positions and times of another grid than the one it is built for are
    interpolated to the nearest, as the original does.

    Args:
        attention_type: ``divided`` (time, then space), ``joint`` (all tokens), or ``space_only``
            (each frame on its own, class tokens averaged).
        img_size: side of the square frames that the position embedding is built for.
        patch_size: side of the patches.
        num_frames: frames that the time embedding is built for.
        embed_dims: width D (768 for ViT-B, 384 for ViT-S).
        depth: number of blocks.
        num_heads: attention heads (12 for ViT-B, 6 for ViT-S).
        drop_path_rate: stochastic depth of the last block, in [0, 1); it grows linearly from 0.
        with_cp: recompute each block in the backward pass, which saves memory.
        init_cfg: ``dict(type='Pretrained', checkpoint=...)`` loads an image or video transformer
            (see `adapt_to_timesformer`).

    Raises:
        ValueError: unknown attention type, a width that the heads do not divide, or a number out
            of its range.
    """

    def __init__(
        self,
        attention_type: str = 'divided',
        img_size: int = 224,
        patch_size: int = 16,
        num_frames: int = 8,
        embed_dims: int = 768,
        depth: int = 12,
        num_heads: int = 12,
        drop_path_rate: float = 0.1,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if attention_type not in ATTENTION_TYPES:
            raise ValueError(
                f'Expected `attention_type` to be one of {ATTENTION_TYPES}, '
                f'but got {attention_type!r}.'
            )
        check_range('depth', depth, 0, MAX_COUNT)
        check_counts(num_heads=num_heads, num_frames=num_frames)
        check_counts(MAX_WIDTH, embed_dims=embed_dims, patch_size=patch_size)
        check_range('img_size', img_size, patch_size, MAX_WIDTH)
        check_range('drop_path_rate', drop_path_rate, 0, below=1)
        self.attention_type = attention_type
        self.patch_size = patch_size
        self.embed_dims = embed_dims
        self.with_cp = with_cp
        self.patch_embed = PatchEmbed(img_size, patch_size, 3, embed_dims, strict_img_size=False)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dims))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.patch_embed.num_patches, embed_dims))
        if attention_type != 'space_only':
            self.time_embed = nn.Parameter(torch.zeros(1, num_frames, embed_dims))
        block = DividedBlock if attention_type == 'divided' else ViTBlock
        self.blocks = nn.ModuleList(
            block(embed_dims, num_heads, drop_path_rate * i / max(depth - 1, 1))
            for i in range(depth)
        )
        self.norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)

        init_vit(self, self.cls_token, self.pos_embed)
        for layer in self.blocks:
            if isinstance(layer, DividedBlock):
                # The network starts as a vision transformer per frame with a shared class token.
                nn.init.zeros_(layer.temporal_fc.weight)

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names; otherwise keep the initial values."""
        if self.init_cfg and not self.is_init:
            load_pretrained(self, self.init_cfg, adapt_to_timesformer)
        self.is_init = True

    def forward(self, clip: Tensor) -> Tensor:
        """Return the class feature (B, D) of a clip (B, 3, T, H, W)."""
        grid = (clip.shape[-2] // self.patch_size, clip.shape[-1] // self.patch_size)
        return self.encode(self.embed(clip), grid)

    def embed(self, clip: Tensor) -> Tensor:
        """Return patch tokens (B, T, N, D) of a clip (B, 3, T, H, W), before any position.

        This is where SVFormer mixes clips (Eq. 5).

        Raises:
            ValueError: the patches do not tile the frames.
        """
        if clip.shape[-2] % self.patch_size or clip.shape[-1] % self.patch_size:
            raise ValueError(
                f'Expected height and width to be multiples of `patch_size`={self.patch_size}, '
                f'but got a clip of {tuple(clip.shape)}.'
            )
        tokens = self.patch_embed(rearrange(clip, 'b c t h w -> (b t) c h w'))
        return tokens.unflatten(0, (clip.shape[0], -1))

    def encode(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return the class feature (B, D) of patch tokens.

        Args:
            tokens: (B, T, N, D) as `embed` gives them.
            grid: height and width in patches, with product N.
        """
        num_frames = tokens.shape[1]
        positions = self._positions(grid)
        cls_token = (self.cls_token + positions[:, :1]).expand(tokens.shape[0], -1, -1)
        offsets = positions[:, 1:, None]
        if self.attention_type != 'space_only':
            offsets = offsets + self._times(num_frames)[:, None]
        patches = (tokens.transpose(1, 2) + offsets).contiguous()  # B N T D

        if self.attention_type == 'divided':
            for block in self.blocks:
                cls_token, patches = self._run(block, cls_token, patches)
            return self.norm(cls_token[:, 0])
        if self.attention_type == 'joint':
            x = torch.cat([cls_token, patches.flatten(1, 2)], dim=1)
        else:
            cls_tokens = repeat(cls_token, 'b 1 d -> (b t) 1 d', t=num_frames)
            x = torch.cat([cls_tokens, rearrange(patches, 'b n t d -> (b t) n d')], dim=1)
        for block in self.blocks:
            x = self._run(block, x)
        # One sequence per clip (joint), or one per frame, whose class tokens are averaged.
        return self.norm(x[:, 0].unflatten(0, (tokens.shape[0], -1)).mean(dim=1))

    def _run(self, block: nn.Module, *streams: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        if self.with_cp and torch.is_grad_enabled():
            return checkpoint(block, *streams, use_reentrant=False)
        return block(*streams)

    def _positions(self, grid: tuple[int, int]) -> Tensor:
        built_for = self.patch_embed.grid_size
        if tuple(grid) == built_for:
            return self.pos_embed
        cls_position, patches = self.pos_embed[:, :1], self.pos_embed[:, 1:]
        patches = rearrange(patches, '1 (h w) d -> 1 d h w', h=built_for[0])
        patches = F.interpolate(patches, size=grid, mode='nearest')
        return torch.cat([cls_position, rearrange(patches, '1 d h w -> 1 (h w) d')], dim=1)

    def _times(self, num_frames: int) -> Tensor:
        if num_frames == self.time_embed.shape[1]:
            return self.time_embed
        times = F.interpolate(self.time_embed.transpose(1, 2), size=num_frames, mode='nearest')
        return times.transpose(1, 2)
