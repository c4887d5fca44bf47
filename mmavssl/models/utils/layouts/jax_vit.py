"""Vision transformers of JAX (``.npz``), as the ViT and AugReg releases have them."""

import torch
from torch import Tensor

from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.layouts.layout import Layout
from mmavssl.models.utils.layouts.rule import JOINED, TRANSPOSED, Rule, renamed

#: Width of a head in all published sizes; the state dict of ours does not tell it.
HEAD_DIMS = 64
BLOCK = 'Transformer/encoderblock_{i}'
ATTENTION = f'{BLOCK}/MultiHeadDotProductAttention_1'
MLP = f'{BLOCK}/MlpBlock_3'


def _norm(ours: str, theirs: str) -> list[Rule]:
    kinds = {'weight': 'scale', 'bias': 'bias'}
    return [renamed(f'{ours}.{kind}', f'{theirs}/{name}') for kind, name in kinds.items()]


def _linear(ours: str, theirs: str) -> list[Rule]:
    kernel = Rule(
        f'{ours}.weight', (f'{theirs}/kernel',), lambda k: k.T.contiguous(), lambda w: (w.T,),
        TRANSPOSED,
    )  # fmt: skip
    return [kernel, renamed(f'{ours}.bias', f'{theirs}/bias')]


def _split_heads(width: int) -> tuple[int, int]:
    if width % HEAD_DIMS:
        raise MisfitError(f'JAX has heads of {HEAD_DIMS}, which do not divide {width}')
    return width // HEAD_DIMS, HEAD_DIMS


def _join_kernels(*kernels: Tensor) -> Tensor:
    """Return the weight (3D, D) of kernels (D, heads, d)."""
    return torch.cat([kernel.flatten(1).T for kernel in kernels])


def _split_weight(weight: Tensor) -> list[Tensor]:
    heads = _split_heads(weight.shape[1])
    return [part.T.unflatten(1, heads) for part in weight.chunk(3)]


def _join_biases(*biases: Tensor) -> Tensor:
    """Return the bias (3D) of biases (heads, d)."""
    return torch.cat([bias.flatten() for bias in biases])


def _split_bias(bias: Tensor) -> list[Tensor]:
    heads = _split_heads(len(bias) // 3)
    return [part.unflatten(0, heads) for part in bias.chunk(3)]


def _attention() -> list[Rule]:
    def parts(kind: str) -> tuple[str, ...]:
        return tuple(f'{ATTENTION}/{part}/{kind}' for part in ('query', 'key', 'value'))

    ours = 'blocks.{i}.attn'
    return [
        Rule(f'{ours}.qkv.weight', parts('kernel'), _join_kernels, _split_weight, JOINED),
        Rule(f'{ours}.qkv.bias', parts('bias'), _join_biases, _split_bias, JOINED),
        Rule(  # (heads, d, D) to (D, D)
            f'{ours}.proj.weight', (f'{ATTENTION}/out/kernel',),
            lambda k: k.flatten(0, 1).T.contiguous(),
            lambda w: (w.T.unflatten(0, _split_heads(w.shape[1])),),
            TRANSPOSED,
        ),
        renamed(f'{ours}.proj.bias', f'{ATTENTION}/out/bias'),
    ]  # fmt: skip


JAX_VIT = Layout(
    name='jax_vit',
    title='vision transformer of JAX',
    marks=(('embedding/kernel', 'Transformer/encoder_norm/scale'),),
    no_place=('head/*', 'pre_logits/*'),
    rules=(
        renamed('cls_token', 'cls'),
        renamed('pos_embed', 'Transformer/posembed_input/pos_embedding'),
        Rule(  # (height, width, 3, D) to (D, 3, height, width)
            'patch_embed.proj.weight', ('embedding/kernel',),
            lambda k: k.permute(3, 2, 0, 1).contiguous(), lambda w: (w.permute(2, 3, 1, 0),),
            TRANSPOSED,
        ),
        renamed('patch_embed.proj.bias', 'embedding/bias'),
        *_norm('blocks.{i}.norm1', f'{BLOCK}/LayerNorm_0'),
        *_attention(),
        *_norm('blocks.{i}.norm2', f'{BLOCK}/LayerNorm_2'),
        *_linear('blocks.{i}.mlp.fc1', f'{MLP}/Dense_0'),
        *_linear('blocks.{i}.mlp.fc2', f'{MLP}/Dense_1'),
        *_norm('norm', 'Transformer/encoder_norm'),
    ),
)  # fmt: skip
