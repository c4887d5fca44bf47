"""Layers that the video and the audio transformer share; names as in timm's and TimeSformer's."""

import torch.nn.functional as F
from timm.layers import DropPath, Mlp, trunc_normal_
from torch import Tensor, nn

LAYER_NORM_EPS = 1e-6
# Measured on CPU, forward and backward: up to about this length plain matrix products beat the
# fused kernel (8 frames of a tube: 15 against 40 ms; with bfloat16 the gap is wider still).
CPU_SHORT_SEQUENCE = 128
# CUDA's fused kernels put the batch into a grid dimension; temporal attention has one sequence
# per tube, so that many test views at once can exceed it.
CUDA_MAX_SEQUENCES = 65535


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Return ``softmax(q kᵀ / sqrt(d)) v`` in the form that is faster for its shape and device.

    Args:
        q: queries (B, heads, L, d).
        k: keys (B, heads, L, d).
        v: values (B, heads, L, d).
    """
    num_sequences, _, length, head_dims = q.shape
    fused = num_sequences <= CUDA_MAX_SEQUENCES if q.is_cuda else length > CPU_SHORT_SEQUENCE
    if fused:
        return F.scaled_dot_product_attention(q, k, v)
    # Scaled before the product, which keeps it in the range of half precision.
    return ((q * head_dims**-0.5) @ k.transpose(-2, -1)).softmax(dim=-1) @ v


class Attention(nn.Module):
    """Multi-head self-attention.

    Args:
        dims: width D.
        num_heads: number of heads, a divisor of D.

    Raises:
        ValueError: the heads do not divide the width.
    """

    def __init__(self, dims: int, num_heads: int) -> None:
        super().__init__()
        if dims % num_heads:
            raise ValueError(
                f'Expected `embed_dims` to be a multiple of `num_heads`={num_heads}, '
                f'but got {dims}.'
            )
        self.num_heads = num_heads
        self.qkv = nn.Linear(dims, 3 * dims)
        self.proj = nn.Linear(dims, dims)

    def forward(self, x: Tensor) -> Tensor:
        """Map sequences (B, L, D) to (B, L, D)."""
        qkv = self.qkv(x).unflatten(-1, (3, self.num_heads, -1))  # B L 3 heads d
        heads = attend(*qkv.permute(2, 0, 3, 1, 4))
        return self.proj(heads.transpose(1, 2).flatten(2))


class ViTBlock(nn.Module):
    """Pre-norm transformer block: attention, then MLP, each with residual and drop path.

    Args:
        dims: width D.
        num_heads: number of attention heads.
        drop_path: probability of dropping a branch, per sample.
    """

    def __init__(self, dims: int, num_heads: int, drop_path: float = 0.0) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dims, eps=LAYER_NORM_EPS)
        self.attn = Attention(dims, num_heads)
        self.drop_path = DropPath(drop_path) if drop_path > 0 else nn.Identity()
        self.norm2 = nn.LayerNorm(dims, eps=LAYER_NORM_EPS)
        self.mlp = Mlp(dims, 4 * dims)

    def forward(self, x: Tensor) -> Tensor:
        """Map sequences (B, L, D) to (B, L, D)."""
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def init_vit(module: nn.Module, *embeddings: nn.Parameter) -> None:
    """Draw token embeddings and linear weights from N(0, .02); linear biases become zero.

    Convolutions and norms keep torch's defaults, as in the published code.
    """
    for embedding in embeddings:
        trunc_normal_(embedding, std=0.02)
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            trunc_normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
