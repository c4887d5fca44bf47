"""What DINOv2 and DeiT III have besides a plain vision transformer, computed into its tensors."""

from math import isqrt

import torch

from mmavssl.models.utils.fit import StateDict
from mmavssl.models.utils.report import BLOCK_NUMBER, Report
from mmavssl.models.utils.vit_architecture import check_dimensions

#: Layers of a block, and the factors of their outputs: timm's and DINOv2's names, DeiT's names.
SCALED = {'attn.proj': ('ls1.gamma', 'gamma_1'), 'mlp.fc2': ('ls2.gamma', 'gamma_2')}


def make_plain(state: StateDict, report: Report) -> None:
    """Make networks with LayerScale plain vision transformers, in place; others stay as they are.

    ``gamma * (W x + b)`` is ``(gamma W) x + gamma b``, so that the network stays the same but for
    rounding. One without a position of the class token (DeiT III) gets one of zeros.

    Args:
        state: tensors by our names.
        report: gets what became of each.

    Raises:
        MisfitError: a tensor of another number of dimensions.
    """
    check_dimensions(state)
    blocks = {found.group(0) for found in map(BLOCK_NUMBER.match, state) if found}
    folded = [
        _fold(state, f'{block}.{layer}', f'{block}.{gamma}', report)
        for block in sorted(blocks)
        for layer, names in SCALED.items()
        for gamma in names
    ]
    if any(folded):
        _add_class_position(state, report)


def _fold(state: StateDict, layer: str, gamma: str, report: Report) -> bool:
    """Multiply a layer by its factors and return whether it has such."""
    weight, bias = f'{layer}.weight', f'{layer}.bias'
    if not {gamma, weight, bias} <= set(state) or state[gamma].shape != state[bias].shape:
        return False
    factors = state.pop(gamma)
    state[weight] = factors[:, None] * state[weight]
    state[bias] = factors * state[bias]
    report.merge(gamma, (weight, bias), 'times LayerScale')
    return True


def _add_class_position(state: StateDict, report: Report) -> None:
    positions = state.get('pos_embed')
    if positions is None or isqrt(positions.shape[1]) ** 2 != positions.shape[1]:
        return
    zero = positions.new_zeros(1, 1, positions.shape[2])
    state['pos_embed'] = torch.cat([zero, positions], dim=1)
    report.change('pos_embed', 'that of cls_token zero')
