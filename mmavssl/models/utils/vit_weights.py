"""Fit image transformers (and official video and audio ones) to `TimeSformer` and `ASTEncoder`."""

from math import isqrt

import torch
import torch.nn.functional as F
from einops import rearrange
from timm.layers import resample_abs_pos_embed
from torch import Tensor, nn

from mmavssl.models.utils.pretrained import DROPPED, INITIAL, StateDict

COPIED = 'copied from the spatial layer'
RESIZED = 'resized'


def adapt_to_timesformer(source: StateDict, model: nn.Module) -> dict[str, list[str]]:
    """Fit an image or video transformer to a `TimeSformer`, in place.

    An image transformer has no temporal layers: temporal attention and norm start as copies of the
    spatial ones, temporal projection and time embedding keep their zeros (TimeSformer's rule).
    Positions of another grid are interpolated in two dimensions, times to the nearest.

    Args:
        source: state dict without head.
        model: the TimeSformer.

    Returns:
        Parameter names by what happened to them.
    """
    target = model.state_dict()
    report: dict[str, list[str]] = {COPIED: [], INITIAL: [], RESIZED: []}
    if not any('temporal_' in name for name in source):
        report[INITIAL] = [
            name
            for name in target
            if 'temporal_fc' in name or (name == 'time_embed' and name not in source)
        ]
        for name in list(source):
            copied = name.replace('.attn.', '.temporal_attn.')
            copied = copied.replace('.norm1.', '.temporal_norm1.')
            if copied != name and copied in target:
                source[copied] = source[name]
                report[COPIED].append(copied)

    positions = source.get('pos_embed')
    if positions is not None and isqrt(positions.shape[1] - 1) ** 2 == positions.shape[1] - 1:
        resized = resample_abs_pos_embed(positions, list(model.patch_embed.grid_size))
        if resized.shape != positions.shape:
            source['pos_embed'] = resized
            report[RESIZED].append('pos_embed')
    if 'time_embed' in source and 'time_embed' in target:
        times, num_frames = source['time_embed'], target['time_embed'].shape[1]
        if times.shape[1] != num_frames:
            times = F.interpolate(times.transpose(1, 2), size=num_frames, mode='nearest')
            source['time_embed'] = times.transpose(1, 2)
            report[RESIZED].append('time_embed')
    return report


def adapt_to_ast(source: StateDict, model: nn.Module) -> dict[str, list[str]]:
    """Fit an image transformer or an official AST to an `ASTEncoder`, in place.

    The RGB patch kernel is summed over its input channels and the positions are cut or
    interpolated to the grid, as AST's code does. A distillation token that the encoder does not
    have is dropped with its position; one that the file does not have keeps its initial values.

    Args:
        source: state dict without head.
        model: the ASTEncoder.

    Returns:
        Parameter names by what happened to them.
    """
    report: dict[str, list[str]] = {DROPPED: [], INITIAL: [], RESIZED: []}
    kernel = source.get('patch_embed.proj.weight')
    is_image = kernel is not None and kernel.shape[1] == 3
    if is_image:
        source['patch_embed.proj.weight'] = kernel.sum(dim=1, keepdim=True)
        report['summed over RGB'] = ['patch_embed.proj.weight']
    num_special = 2 if 'dist_token' in source else 1
    if model.dist_token is None and source.pop('dist_token', None) is not None:
        report[DROPPED].append('dist_token')
    if model.dist_token is not None and num_special == 1:
        report[INITIAL].append('dist_token')

    positions = source.get('pos_embed')
    if positions is None:
        return report
    special, patches = positions[:, :num_special], positions[:, num_special:]
    # The spectrogram of an AST has the encoder's number of mel bins and stride, so its height.
    height = isqrt(patches.shape[1]) if is_image else model.grid[0]
    if patches.shape[1] % height == 0:
        grid = (height, patches.shape[1] // height)
        if model.dist_token is None:
            special = special[:, :1]
        elif num_special == 1:
            special = torch.cat([special, model.pos_embed.detach()[:, 1:2].to(special)], dim=1)
        source['pos_embed'] = torch.cat(
            [special, fit_audio_positions(patches, grid, model.grid)], dim=1
        )
        if grid != model.grid:
            report[RESIZED].append('pos_embed')
    return report


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
