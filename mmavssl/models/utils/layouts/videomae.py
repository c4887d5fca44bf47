"""VideoMAE: joint attention over tubelets; no class token, saved positions or biases of keys."""

import torch
from torch import Tensor

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.layouts.layout import Layout
from mmavssl.models.utils.layouts.rule import JOINED, Rule, renamed_layer
from mmavssl.models.utils.report import Report

#: All published networks see frames of this side.
IMG_SIZE = 224


def sinusoids(num_positions: int, dims: int) -> Tensor:
    """Return the positions (1, N, D) that VideoMAE computes and does not save.

    ``sin(n / 10000^(2i/D))`` in the even and the cosine of the same in the odd channels.
    """
    pairs = torch.arange(dims, dtype=torch.float64) // 2
    angles = torch.arange(num_positions)[:, None] / 10000 ** (2 * pairs / dims)
    table = torch.where(torch.arange(dims) % 2 == 0, angles.sin(), angles.cos())
    return table[None].float()


def _sum_over_time(kernel: Tensor) -> Tensor:
    if kernel.ndim != 5:
        raise MisfitError('its patch kernel has no time, so that it is BEiT or another of its kin')
    return kernel.sum(dim=2)


def _complete(state: StateDict, report: Report) -> None:
    """Add positions; the class token, which VideoMAE does not have, is left as it is.

    Those of the first tubelet serve all frames: with the kernel summed over time, the tokens of a
    still clip are VideoMAE's. The class position is zero.
    """
    kernel = state.get('patch_embed.proj.weight')
    if kernel is None or 'pos_embed' in state:
        return
    dims, side = len(kernel), IMG_SIZE // kernel.shape[-1]
    patches = sinusoids(side**2, dims).to(kernel.dtype)
    state['pos_embed'] = torch.cat([patches.new_zeros(1, 1, dims), patches], dim=1)
    report.take('pos_embed', ('sinusoids of the first tubelet',), 'computed')
    report.leave('cls_token')


def _layout_rules(prefix: str) -> tuple[Rule, ...]:
    attention = f'{prefix}blocks.{{i}}.attn'
    return (
        Rule(
            'patch_embed.proj.weight', (f'{prefix}patch_embed.proj.weight',),
            _sum_over_time, None, 'summed over time',
        ),
        Rule(
            'blocks.{i}.attn.qkv.bias', (f'{attention}.q_bias', f'{attention}.v_bias'),
            lambda q, v: torch.cat([q, torch.zeros_like(q), v]), None, f'{JOINED}, keys zero',
        ),
        *renamed_layer('norm', f'{prefix}fc_norm'),
    )  # fmt: skip


def _layout(name: str, title: str, prefix: str) -> Layout:
    return Layout(
        name=name,
        title=title,
        marks=((f'{prefix}patch_embed.proj.weight', f'{prefix}blocks.0.attn.q_bias'),),
        prefix=prefix,
        no_place=('decoder.*', 'encoder_to_decoder.*', 'mask_token', 'head.*'),
        rules=_layout_rules(prefix),
        complete=_complete,
    )


VIDEOMAE_PRETRAINED = _layout('videomae_pretrained', 'VideoMAE with its decoder', 'encoder.')
VIDEOMAE = _layout('videomae', 'fine-tuned VideoMAE', '')
