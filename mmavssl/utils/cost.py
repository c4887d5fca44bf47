"""Parameters and multiply-adds of what a config trains.

Two conventions. ``paper`` gives the figures of the paper's Table 2, which were counted module by
module: attention products are free; the fusion of the teacher is not seen (torch's fused encoder
layer, taken in eval mode, calls no module); the mix embeds both clips; and all tokens pass through
the last norm of the video encoder, though one is used. ``full`` counts each product of matrices
and each convolution that our own iteration computes.

Both count forward passes of one clip per view, and the localizer on one clip.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.registry import Registry
from torch import Tensor, nn

from mmavssl.registry import LOCALIZERS, MODELS
from mmavssl.structures.audio_front_end import SPECTROGRAM_SHAPE
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.macs import count_all, count_by_module, shapes_only

CONVENTIONS = ('paper', 'full')
GIGA = 1e9


@dataclass(frozen=True)
class Cost:
    """Parameters, and multiply-adds.

    Attributes:
        params_total: parameters of the student (or of the localizer, where that is trained).
        params_trainable: those of them that the optimizer changes.
        params_localizer: parameters of a frozen localizer.
        forward: multiply-adds of one clip by part of the network.
        iteration: multiply-adds of one training iteration by forward pass.
    """

    params_total: int
    params_trainable: int
    params_localizer: int
    forward: dict[str, int]
    iteration: dict[str, int]

    @property
    def gmacs_forward(self) -> float:
        """Multiply-adds of one clip, in units of 1e9."""
        return sum(self.forward.values()) / GIGA

    @property
    def gmacs_iteration(self) -> float:
        """Multiply-adds of one iteration, in units of 1e9."""
        return sum(self.iteration.values()) / GIGA


def estimate_cost(cfg: Mapping, convention: str = 'paper') -> Cost:
    """Count parameters and multiply-adds of a config.

    Args:
        cfg: with ``model`` and ``input_size = dict(num_frames, size[, audio_frames,
            num_mel_bins])``. Checkpoints that it names are not needed.
        convention: ``paper`` or ``full``.

    Raises:
        ConfigError: unknown convention, no ``input_size``, or neither student nor localizer.
    """
    if convention not in CONVENTIONS:
        raise ConfigError(
            f'Expected `convention` to be one of {CONVENTIONS}, but got {convention!r}.'
        )
    model = without_init_cfg(cfg.get('model', {}))
    localizer = find_localizer(model)
    if 'student' not in model and localizer is None:
        raise ConfigError(
            'Expected `model` in the config to have a `student` or a `localizer`, but it has '
            f'{", ".join(model) or "nothing"}.'
        )
    localizer_counts, network = {}, None
    if localizer is not None:
        network = build_shapes(localizer, LOCALIZERS)
        video, audio = example_inputs(cfg, hears=True)
        if getattr(network, 'audio_input', 'logmel') == 'spectrogram':
            audio = torch.empty(1, *SPECTROGRAM_SHAPE, device='meta')
        localizer_counts = count(network, convention, video.transpose(1, 2), audio)
    one_clip = sum(localizer_counts.values())
    if 'student' not in model:
        return make_cost(network, None, localizer_counts, {'one clip (localizer)': one_clip})

    student = build_shapes(model['student'], MODELS)
    hears = bool(model['student'].get('audio_backbone'))
    counts = count(student, convention, *example_inputs(cfg, hears))
    iteration = count_iteration(model, counts, convention)
    if network is not None:
        iteration['localizer'] = one_clip
    return make_cost(student, network, counts, iteration)


def make_cost(
    trained: nn.Module, frozen: nn.Module | None, counts: dict[str, int], iteration: dict[str, int]
) -> Cost:
    """Collect the figures.

    Args:
        trained: the network that is trained.
        frozen: the localizer beside it.
        counts: multiply-adds of one forward by module.
        iteration: multiply-adds of one iteration by forward pass.
    """
    parts: dict[str, int] = {}
    for name, value in counts.items():
        part = name.split('.')[0] or 'outside of its parts'
        parts[part] = parts.get(part, 0) + value
    return Cost(
        params_total=sum(p.numel() for p in trained.parameters()),
        params_trainable=sum(p.numel() for p in trained.parameters() if p.requires_grad),
        params_localizer=sum(p.numel() for p in frozen.parameters()) if frozen else 0,
        forward={part: value for part, value in parts.items() if value},
        iteration=iteration,
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


def count_iteration(model: Mapping, counts: dict[str, int], convention: str) -> dict[str, int]:
    """Return the multiply-adds of the recognizer in one iteration, by forward pass.

    Args:
        model: config of the algorithm: a threshold means pseudo labels, a mixer mixed clips.
        counts: multiply-adds of one forward by module.
        convention: ``paper`` or ``full``.
    """

    def total(prefix: str = '') -> int:
        return sum(value for name, value in counts.items() if name.startswith(prefix))

    passes = {'labeled clip (student)': total()}
    if model.get('threshold'):
        unseen = total('fusion.') if convention == 'paper' else 0
        passes['weak view (teacher)'] = total() - unseen
        passes['strong view (student)'] = total()
    if model.get('mixer'):
        passes['mixed clip (student)'] = total()
        if convention == 'paper' and 'masker' in model['mixer']:
            passes['patch embedding of the second clip'] = total('backbone.patch_embed.')
    return passes


def build_shapes(cfg: dict, registry: Registry) -> nn.Module:
    """Build a network in eval mode on the meta device."""
    with shapes_only():
        network = registry.build(cfg)
    return network.to('meta').eval()


def example_inputs(cfg: Mapping, hears: bool) -> tuple[Tensor, ...]:
    """Return a clip (1, 3, T, H, W) and, if the network hears, a log-mel (1, T_a, F).

    Args:
        cfg: with ``input_size``.
        hears: whether there is audio.

    Raises:
        ConfigError: ``input_size`` is missing or lacks a size.
    """
    size = cfg.get('input_size', {})
    needed = ['num_frames', 'size', *(['audio_frames', 'num_mel_bins'] if hears else [])]
    missing = [name for name in needed if name not in size]
    if missing:
        raise ConfigError(
            f'Expected `input_size` in the config to say {", ".join(needed)}, but '
            f'{", ".join(missing)} is missing. Example: input_size = dict(num_frames=8, size=224, '
            'audio_frames=256, num_mel_bins=128).'
        )
    clip = torch.empty(1, 3, size['num_frames'], size['size'], size['size'], device='meta')
    if not hears:
        return (clip,)
    return clip, torch.empty(1, size['audio_frames'], size['num_mel_bins'], device='meta')


def without_init_cfg(cfg: Any) -> Any:
    """Return a copy of a config in which no component names weights to start from."""
    if isinstance(cfg, Mapping):
        return {key: without_init_cfg(value) for key, value in cfg.items() if key != 'init_cfg'}
    if isinstance(cfg, (list, tuple)):
        return type(cfg)(without_init_cfg(item) for item in cfg)
    return cfg


def find_localizer(cfg: Any) -> dict | None:
    """Return the first config under a key ``localizer``, at any depth."""
    if not isinstance(cfg, Mapping):
        return None
    if cfg.get('localizer'):
        return cfg['localizer']
    found = (find_localizer(value) for value in cfg.values())
    return next((localizer for localizer in found if localizer), None)
