"""Parameters and multiply-adds of one network, from its config alone: nothing is computed."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from mmengine.registry import Registry
from torch import Tensor, nn

from mmavssl.registry import LOCALIZERS, MODELS
from mmavssl.structures.audio_front_end import SPECTROGRAM_SHAPE
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.macs import count_all, count_by_module, shapes_only


@dataclass(frozen=True)
class NetworkCost:
    """What one network costs.

    Attributes:
        params_total: parameters.
        params_trainable: those that have a gradient.
        counts: multiply-adds of one forward by module.
    """

    params_total: int
    params_trainable: int
    counts: dict[str, int]

    def total(self, prefix: str = '') -> int:
        """Return the multiply-adds of the modules whose names begin with ``prefix``."""
        return sum(value for name, value in self.counts.items() if name.startswith(prefix))

    def by_part(self) -> dict[str, int]:
        """Return the multiply-adds of the network's direct children that have any."""
        parts: dict[str, int] = {}
        for name, value in self.counts.items():
            part = name.split('.')[0] or 'outside of its parts'
            parts[part] = parts.get(part, 0) + value
        return {part: value for part, value in parts.items() if value}


def recognizer_cost(cfg: Mapping, input_size: Mapping, convention: str) -> NetworkCost:
    """Count a recognizer on one clip.

    Args:
        cfg: of the recognizer, without weights to start from.
        input_size: ``num_frames`` and ``size``, and ``audio_frames`` and ``num_mel_bins`` if it
            hears.
        convention: ``paper`` or ``full``, see `mmavssl.utils.cost`.
    """
    network = build_shapes(cfg, MODELS)
    return measure(
        network, convention, *example_inputs(input_size, bool(cfg.get('audio_backbone')))
    )


def localizer_cost(cfg: Mapping, input_size: Mapping, convention: str) -> NetworkCost:
    """Count a localizer on one clip; the arguments are those of `recognizer_cost`."""
    network = build_shapes(cfg, LOCALIZERS)
    video, audio = example_inputs(input_size, hears=True)
    shapes = {'spectrogram': SPECTROGRAM_SHAPE, 'boxes': (input_size['num_frames'], 4)}
    shape = shapes.get(getattr(network, 'audio_input', 'logmel'))
    if shape:
        audio = torch.empty(1, *shape, device='meta')
    return measure(network, convention, video.transpose(1, 2), audio)


def measure(network: nn.Module, convention: str, *inputs: Tensor) -> NetworkCost:
    """Return the cost of ``network(*inputs)``."""
    return NetworkCost(
        params_total=sum(p.numel() for p in network.parameters()),
        params_trainable=sum(p.numel() for p in network.parameters() if p.requires_grad),
        counts=count(network, convention, *inputs),
    )


def count(network: nn.Module, convention: str, *inputs: Tensor) -> dict[str, int]:
    """Return the multiply-adds of ``network(*inputs)`` by module."""
    if convention == 'full':
        return count_all(network, *inputs)
    counts = count_by_module(network, *inputs)
    # The official TimeSformer normalizes all tokens and then takes the class token; ours that one
    # alone. The last block's own norm sees all of them.
    block_norms = [name for name in counts if name.startswith('backbone.blocks.')]
    block_norms = [name for name in block_norms if name.endswith('.norm2')]
    if block_norms and 'backbone.norm' in counts:
        counts['backbone.norm'] = counts[block_norms[-1]]
    return counts


def build_shapes(cfg: Mapping, registry: Registry) -> nn.Module:
    """Build a network in eval mode on the meta device."""
    with shapes_only():
        network = registry.build(cfg)
    return network.to('meta').eval()


def example_inputs(input_size: Mapping, hears: bool) -> tuple[Tensor, ...]:
    """Return a clip (1, 3, T, H, W) and, if the network hears, a log-mel (1, T_a, F).

    Args:
        input_size: of the config.
        hears: whether there is audio.

    Raises:
        ConfigError: ``input_size`` lacks a size.
    """
    needed = ['num_frames', 'size', *(['audio_frames', 'num_mel_bins'] if hears else [])]
    missing = [name for name in needed if name not in input_size]
    if missing:
        raise ConfigError(
            f'Expected `input_size` in the config to say {", ".join(needed)}, but '
            f'{", ".join(missing)} is missing. Example: input_size = dict(num_frames=8, size=224, '
            'audio_frames=256, num_mel_bins=128).'
        )
    num_frames, size = input_size['num_frames'], input_size['size']
    clip = torch.empty(1, 3, num_frames, size, size, device='meta')
    if not hears:
        return (clip,)
    logmel = torch.empty(1, input_size['audio_frames'], input_size['num_mel_bins'], device='meta')
    return clip, logmel
