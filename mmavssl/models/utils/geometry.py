"""Arguments of the network that tensors were made for, as far as they tell."""

import inspect
from collections.abc import Callable, Mapping
from math import isqrt
from typing import Any

from torch import nn

from mmavssl.models.utils.ast_weights import PUBLISHED_GRIDS
from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.layouts.jax_vit import HEAD_DIMS
from mmavssl.models.utils.vit_architecture import Architecture
from mmavssl.utils.errors import ConfigError

#: Of the networks of our configs, which image transformers become.
CLIP_FRAMES = 8
AST_SIZE = {'num_mel_bins': 128, 'num_frames': 256, 'stride': 16}


def timesformer_arguments(state: StateDict) -> dict[str, Any]:
    """Return the arguments of the `TimeSformer` that an image or video transformer fits.

    What has no layers over time sees each frame on its own.
    """
    arguments = _vit_arguments(state)
    num_patches = state['pos_embed'].shape[1] - 1 - ('dist_token' in state)
    times = state.get('time_embed')
    attention_type = 'space_only' if times is None else 'joint'
    if any('.temporal_' in name for name in state):
        attention_type = 'divided'
    return {
        **arguments,
        'attention_type': attention_type,
        'img_size': isqrt(num_patches) * arguments['patch_size'],
        'num_frames': CLIP_FRAMES if times is None else times.shape[1],
    }


def ast_arguments(state: StateDict) -> dict[str, Any]:
    """Return the arguments of the `ASTEncoder` that an image or audio transformer fits.

    An image transformer becomes that of our configs; of an AST, the number of its patches must be
    a published one, or rows of 8 (stride 16).
    """
    arguments = {**_vit_arguments(state), 'distilled': 'dist_token' in state, **AST_SIZE}
    if Architecture.of(state).channels == 3:
        return {**arguments, 'distilled': False}
    num_patches = state['pos_embed'].shape[1] - 1 - arguments['distilled']
    height, stride = 8, AST_SIZE['stride']
    if num_patches in PUBLISHED_GRIDS:
        stride, (height, _) = PUBLISHED_GRIDS[num_patches]
    num_frames = (num_patches // height - 1) * stride + arguments['patch_size']
    return {**arguments, 'stride': stride, 'num_frames': num_frames}


def build_network(
    network: Callable[..., nn.Module], arguments: Mapping[str, Any], changes: Mapping[str, Any]
) -> nn.Module:
    """Build a network with some arguments changed by the user.

    Raises:
        ConfigError: arguments that it does not have, or values that it does not take.
    """
    known = inspect.signature(network).parameters
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise ConfigError(
            f'--set: {network.__name__} has no {", ".join(unknown)}. It has {", ".join(known)}.'
        )
    try:
        return network(**{**arguments, **changes})
    except (ValueError, TypeError) as error:
        raise ConfigError(f'--set: {error}') from error


def _vit_arguments(state: StateDict) -> dict[str, Any]:
    found = Architecture.of(state)
    if None in found or 'pos_embed' not in state:
        raise MisfitError('it lacks the embedding of the patches or of their positions, or blocks')
    return {
        'embed_dims': found.embed_dims,
        'depth': found.depth,
        'patch_size': found.patch_size,
        'num_heads': max(found.embed_dims // HEAD_DIMS, 1),  # no tensor depends on it
    }
