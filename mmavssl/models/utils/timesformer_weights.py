"""Fit image and video transformers to a `TimeSformer`."""

from math import isqrt

import torch
import torch.nn.functional as F
from timm.layers import resample_abs_pos_embed
from torch import nn

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.report import AGAIN, Report
from mmavssl.models.utils.vit_architecture import Architecture, check_architecture, check_sees
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts


def fit_to_timesformer(
    state: StateDict, model: nn.Module, report: Report, facts: NetworkFacts = UNKNOWN
) -> None:
    """Fit an image or video transformer to a `TimeSformer`, in place.

    An image transformer has no temporal layers: temporal attention and norm start as copies of the
    spatial ones, temporal projection and time embedding keep their zeros (TimeSformer's rule).
    Positions of another grid are interpolated in two dimensions, times to the nearest.

    Args:
        state: tensors by our names.
        model: the TimeSformer.
        report: gets what became of each.
        facts: what is known of the network of the tensors besides.

    Raises:
        MisfitError: a network of another size, or one that hears.
    """
    if Architecture.of(state).channels == 1:
        raise MisfitError(
            'it is a transformer over spectrograms (its patches have one channel). It may start '
            'an `ASTEncoder`, the `audio_backbone`'
        )
    check_architecture(state, model, facts)
    check_sees(facts)
    _drop_distillation_token(state, report)
    _add_temporal_layers(state, model, report)
    _resize_positions(state, model, report)
    _resize_times(state, model, report)


def _drop_distillation_token(state: StateDict, report: Report) -> None:
    if state.pop('dist_token', None) is None:
        return
    report.drop('dist_token')
    if 'pos_embed' not in state:
        return
    positions = state['pos_embed']
    state['pos_embed'] = torch.cat([positions[:, :1], positions[:, 2:]], dim=1)
    report.change('pos_embed', 'without that of dist_token')


def _add_temporal_layers(state: StateDict, model: nn.Module, report: Report) -> None:
    if any('.temporal_' in name for name in state):
        return
    target = model.state_dict()
    for name in target:
        if '.temporal_fc.' in name or (name == 'time_embed' and name not in state):
            report.leave(name)
    for name in list(state):
        copied = name.replace('.attn.', '.temporal_attn.').replace('.norm1.', '.temporal_norm1.')
        if copied != name and copied in target:
            state[copied] = state[name]
            report.take(copied, report.origin(name).sources, AGAIN)


def _resize_positions(state: StateDict, model: nn.Module, report: Report) -> None:
    positions = state.get('pos_embed')
    if positions is None or isqrt(positions.shape[1] - 1) ** 2 != positions.shape[1] - 1:
        return
    height, width = model.patch_embed.grid_size
    state['pos_embed'] = resample_abs_pos_embed(positions, [height, width])
    if state['pos_embed'].shape != positions.shape:
        side = isqrt(positions.shape[1] - 1)
        report.change('pos_embed', f'resized {side}x{side} to {height}x{width}')


def _resize_times(state: StateDict, model: nn.Module, report: Report) -> None:
    if 'time_embed' not in state or not hasattr(model, 'time_embed'):
        return
    times, num_frames = state['time_embed'], model.time_embed.shape[1]
    if times.shape[1] != num_frames:
        resized = F.interpolate(times.transpose(1, 2), size=num_frames, mode='nearest')
        state['time_embed'] = resized.transpose(1, 2).contiguous()
        report.change('time_embed', f'resized {times.shape[1]} to {num_frames}')
