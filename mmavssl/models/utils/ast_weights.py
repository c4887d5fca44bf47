"""Fit image transformers and ASTs of another length or height to an `ASTEncoder`."""

from math import isqrt

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mmavssl.models.utils.audio_grid import AudioGrid, find_grid
from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.report import Report
from mmavssl.models.utils.vit_architecture import (
    KERNEL,
    Architecture,
    check_architecture,
    check_sees,
)
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts


def fit_to_ast(
    state: StateDict, model: nn.Module, report: Report, facts: NetworkFacts = UNKNOWN
) -> None:
    """Fit an image transformer or an AST to an `ASTEncoder`, in place.

    The RGB patch kernel is summed over its input channels and the positions are cut or
    interpolated to the grid, as AST's code does. A distillation token that the encoder does not
    have is dropped with its position; one that the file does not have keeps its initial values.

    Args:
        state: tensors by our names.
        model: the ASTEncoder.
        report: gets what became of each.
        facts: what is known of the network of the tensors besides.

    Raises:
        MisfitError: a network of another size or stride, one whose stride is not known, or one
            over time and space.
    """
    if any('.temporal_' in name or name == 'time_embed' for name in state):
        raise MisfitError(
            'it is a transformer over videos. It may start a `TimeSformer`, the `backbone`'
        )
    check_architecture(state, model, facts)
    is_image = Architecture.of(state).channels == 3
    if is_image:
        check_sees(facts)
        state[KERNEL] = state[KERNEL].sum(dim=1, keepdim=True)
        report.change(KERNEL, 'summed over RGB')
    num_special = 1 + ('dist_token' in state)
    if model.dist_token is None and state.pop('dist_token', None) is not None:
        report.drop('dist_token')
    if model.dist_token is not None and num_special == 1:
        report.leave('dist_token')
    if 'pos_embed' in state:
        num_patches = state['pos_embed'].shape[1] - num_special
        side = isqrt(max(num_patches, 0))
        if not is_image:
            _fit_positions(state, model, report, _grid_of_ast(num_patches, model, facts))
        elif side**2 == num_patches:  # what is no square of patches is told as a misfit
            _fit_positions(state, model, report, (side, side))


def _grid_of_ast(num_patches: int, model: nn.Module, facts: NetworkFacts) -> tuple[int, int]:
    stride, _ = model.patch_embed.proj.stride
    own = AudioGrid(stride, *model.grid, num_mel_bins=model.input_shape[1])
    grid = find_grid(num_patches, model.patch_size, facts, own)
    return grid.height, grid.width


def _fit_positions(
    state: StateDict, model: nn.Module, report: Report, grid: tuple[int, int]
) -> None:
    positions = state['pos_embed']
    num_special = positions.shape[1] - grid[0] * grid[1]
    special, patches = positions[:, :num_special], positions[:, num_special:]
    if model.dist_token is None:
        special = special[:, :1]
        if num_special == 2:
            report.change('pos_embed', 'without that of dist_token')
    elif num_special == 1:
        special = torch.cat([special, model.pos_embed.detach()[:, 1:2].to(special)], dim=1)
        report.change('pos_embed', 'that of dist_token initial')
    if grid != model.grid:
        patches = fit_audio_positions(patches, grid, model.grid)
        report.change('pos_embed', '{}x{} to {}x{}'.format(*grid, *model.grid))
    state['pos_embed'] = torch.cat([special, patches], dim=1)


def fit_audio_positions(
    positions: Tensor, grid: tuple[int, int], new_grid: tuple[int, int]
) -> Tensor:
    """Cut or interpolate the positions of one grid to those of another, as AST's code does.

    Time first, then frequency: the centre is cut out of an axis that is long enough, a shorter one
    is interpolated bilinearly.

    Args:
        positions: (1, f * t, D), frequency-major.
        grid: (f, t) of ``positions``; height and width of an image transformer.
        new_grid: (f, t) wanted.

    Returns:
        Positions (1, f' * t', D) of ``new_grid``.
    """
    (num_freq, num_time), (new_freq, new_time) = grid, new_grid
    square = rearrange(positions, '1 (f t) d -> 1 d f t', f=num_freq)
    if new_time <= num_time:
        square = square.narrow(3, num_time // 2 - new_time // 2, new_time)
    else:
        square = F.interpolate(square, size=(num_freq, new_time), mode='bilinear')
    if new_freq <= num_freq:
        square = square.narrow(2, num_freq // 2 - new_freq // 2, new_freq)
    else:
        square = F.interpolate(square, size=new_grid, mode='bilinear')
    return rearrange(square, '1 d f t -> 1 (f t) d')
