"""Fit image transformers and ASTs of another length or height to an `ASTEncoder`."""

from math import isqrt

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.report import Report
from mmavssl.models.utils.vit_architecture import KERNEL, Architecture, check_architecture

#: Stride and grid (mel, time) of the published ASTs, by their number of patches: AudioSet's 1024
#: frames, and SpeechCommands' 128 (the last one). All have 128 mel bins.
PUBLISHED_GRIDS = {
    512: (16, (8, 64)), 657: (14, (9, 73)), 850: (12, (10, 85)), 1212: (10, (12, 101)),
    144: (10, (12, 12)),
}  # fmt: skip


def fit_to_ast(state: StateDict, model: nn.Module, report: Report) -> None:
    """Fit an image transformer or an AST to an `ASTEncoder`, in place.

    The RGB patch kernel is summed over its input channels and the positions are cut or
    interpolated to the grid, as AST's code does. A distillation token that the encoder does not
    have is dropped with its position; one that the file does not have keeps its initial values.

    Args:
        state: tensors by our names.
        model: the ASTEncoder.
        report: gets what became of each.

    Raises:
        MisfitError: a network of another size or stride, or one over time and space.
    """
    if any('.temporal_' in name or name == 'time_embed' for name in state):
        raise MisfitError(
            'it is a transformer over videos. It may start a `TimeSformer`, the `backbone`'
        )
    check_architecture(state, model)
    is_image = Architecture.of(state).channels == 3
    if is_image:
        state[KERNEL] = state[KERNEL].sum(dim=1, keepdim=True)
        report.change(KERNEL, 'summed over RGB')
    num_special = 1 + ('dist_token' in state)
    if model.dist_token is None and state.pop('dist_token', None) is not None:
        report.drop('dist_token')
    if model.dist_token is not None and num_special == 1:
        report.leave('dist_token')
    if 'pos_embed' in state:
        _fit_positions(state, model, report, num_special, is_image)


def _fit_positions(
    state: StateDict, model: nn.Module, report: Report, num_special: int, is_image: bool
) -> None:
    positions = state['pos_embed']
    special, patches = positions[:, :num_special], positions[:, num_special:]
    num_patches = patches.shape[1]
    if is_image and isqrt(num_patches) ** 2 != num_patches:
        return  # no square of patches, which is told as a misfit
    grid = (isqrt(num_patches),) * 2 if is_image else grid_of_ast(num_patches, model)
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


def grid_of_ast(num_patches: int, model: nn.Module) -> tuple[int, int]:
    """Return the grid (mel, time) of an AST with ``num_patches``, which fits the model's.

    It is the model's, if that has as many; that of a published one; or one of the model's height.

    Raises:
        MisfitError: it must have had another stride, or another number of mel bins.
    """
    height, width = model.grid
    if num_patches == height * width:
        return model.grid
    own_stride = model.patch_embed.proj.stride[0]
    stride, grid = PUBLISHED_GRIDS.get(num_patches, (own_stride, None))
    if stride != own_stride:
        raise MisfitError(
            f'it is an AST of stride {stride} ({num_patches} patches), but the config has '
            f'stride={own_stride}. Set stride={stride}, or take a file of stride {own_stride}'
        )
    if grid is None and num_patches % height:
        raise MisfitError(
            f'it is an AST of {num_patches} patches, which are no rows of {height} mel bands as '
            'the network has them: it had another `stride` or `num_mel_bins`'
        )
    return grid or (height, num_patches // height)


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
