"""Vision transformers of JAX (``.npz``), as the ViT and AugReg releases have them."""

from functools import partial

import torch
from torch import Tensor

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.layouts.layout import Layout
from mmavssl.models.utils.layouts.rule import JOINED, TRANSPOSED, Rule, renamed
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts

#: Width of a head in the published sizes, but for the huge one; ours does not tell it.
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


def _count_heads(source: StateDict) -> NetworkFacts:
    """Return what the first kernel of queries (D, heads, d) tells."""
    query = source.get(f'{ATTENTION.format(i=0)}/query/kernel')
    return UNKNOWN if query is None or query.ndim != 3 else NetworkFacts(num_heads=query.shape[1])


def _split_heads(width: int, num_heads: int | None) -> tuple[int, int]:
    if num_heads is None and width % HEAD_DIMS:
        raise MisfitError(
            'files of JAX have the heads apart, and nothing tells how many there are in its '
            f'{width} channels. Say it: --source num_heads=...'
        )
    num_heads = num_heads or width // HEAD_DIMS
    return num_heads, width // num_heads


def _join_kernels(*kernels: Tensor) -> Tensor:
    """Return the weight (3D, D) of kernels (D, heads, d)."""
    return torch.cat([kernel.flatten(1).T for kernel in kernels])


def _split_weight(weight: Tensor, num_heads: int | None) -> list[Tensor]:
    heads = _split_heads(weight.shape[1], num_heads)
    return [part.T.unflatten(1, heads) for part in weight.chunk(3)]


def _join_biases(*biases: Tensor) -> Tensor:
    """Return the bias (3D) of biases (heads, d)."""
    return torch.cat([bias.flatten() for bias in biases])


def _split_bias(bias: Tensor, num_heads: int | None) -> list[Tensor]:
    heads = _split_heads(len(bias) // 3, num_heads)
    return [part.unflatten(0, heads) for part in bias.chunk(3)]


def _attention(num_heads: int | None) -> list[Rule]:
    def parts(kind: str) -> tuple[str, ...]:
        return tuple(f'{ATTENTION}/{part}/{kind}' for part in ('query', 'key', 'value'))

    ours = 'blocks.{i}.attn'
    split_weight = partial(_split_weight, num_heads=num_heads)
    split_bias = partial(_split_bias, num_heads=num_heads)
    return [
        Rule(f'{ours}.qkv.weight', parts('kernel'), _join_kernels, split_weight, JOINED),
        Rule(f'{ours}.qkv.bias', parts('bias'), _join_biases, split_bias, JOINED),
        Rule(  # (heads, d, D) to (D, D)
            f'{ours}.proj.weight', (f'{ATTENTION}/out/kernel',),
            lambda k: k.flatten(0, 1).T.contiguous(),
            lambda w: (w.T.unflatten(0, _split_heads(w.shape[1], num_heads)),),
            TRANSPOSED,
        ),
        renamed(f'{ours}.proj.bias', f'{ATTENTION}/out/bias'),
    ]  # fmt: skip


def jax_vit(num_heads: int | None = None) -> Layout:
    """Return the layout.

    Args:
        num_heads: to write files with so many heads; by default, heads have 64 channels.
    """
    return Layout(
        name='jax_vit',
        title='vision transformer of JAX',
        marks=(('embedding/kernel', 'Transformer/encoder_norm/scale'),),
        no_place=('head/*', 'pre_logits/*'),
        read_facts=_count_heads,
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
            *_attention(num_heads),
            *_norm('blocks.{i}.norm2', f'{BLOCK}/LayerNorm_2'),
            *_linear('blocks.{i}.mlp.fc1', f'{MLP}/Dense_0'),
            *_linear('blocks.{i}.mlp.fc2', f'{MLP}/Dense_1'),
            *_norm('norm', 'Transformer/encoder_norm'),
        ),
    )  # fmt: skip


JAX_VIT = jax_vit()
