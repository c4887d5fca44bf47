"""Arguments of the network that tensors were made for, as far as they tell."""

import inspect
from collections.abc import Callable, Collection, Mapping
from math import isqrt
from typing import Any

from torch import nn

from mmavssl.models.utils.audio_grid import find_grid
from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.layouts.jax_vit import HEAD_DIMS
from mmavssl.models.utils.vit_architecture import Architecture, known_heads
from mmavssl.structures.audio_front_end import NUM_MEL_BINS
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts, is_whole
from mmavssl.utils.errors import ConfigError

#: Of the networks of our configs, which image transformers become.
CLIP_FRAMES = 8
AST_SIZE = {'num_frames': 256, 'stride': 16}
#: The smallest sizes that a network may have; what is cut into patches has one at least.
LEAST = {
    'patch_size': 1, 'embed_dims': 1, 'depth': 0, 'num_heads': 1, 'stride': 1, 'img_size': 1,
    'num_mel_bins': 1, 'num_frames': 1,
}  # fmt: skip


def timesformer_arguments(state: StateDict, facts: NetworkFacts = UNKNOWN) -> dict[str, Any]:
    """Return the arguments of the `TimeSformer` that an image or video transformer fits.

    What has no layers over time sees each frame on its own.

    Args:
        state: tensors by our names.
        facts: what is known of their network besides.

    Raises:
        MisfitError: no vision transformer.
    """
    arguments = _vit_arguments(state, facts)
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


def ast_arguments(
    state: StateDict, facts: NetworkFacts = UNKNOWN, changes: Collection[str] = ()
) -> dict[str, Any]:
    """Return the arguments of the `ASTEncoder` that an image or audio transformer fits.

    An image transformer becomes that of our configs; the size of an AST follows from the number
    of its patches, where the user does not set it.

    Args:
        state: tensors by our names.
        facts: what is known of their network besides.
        changes: names of the arguments that the user sets.

    Raises:
        MisfitError: no vision transformer, or one whose number of patches leaves its stride open.
    """
    arguments = _vit_arguments(state, facts)
    is_image, is_distilled = Architecture.of(state).channels == 3, 'dist_token' in state
    size = {'num_mel_bins': facts.num_mel_bins or NUM_MEL_BINS, **AST_SIZE}
    if not is_image and not set(AST_SIZE) <= set(changes):
        num_patches = state['pos_embed'].shape[1] - 1 - is_distilled
        grid = find_grid(num_patches, arguments['patch_size'], facts)
        num_frames = (grid.width - 1) * grid.stride + arguments['patch_size']
        size = {
            'num_mel_bins': grid.num_mel_bins, 'num_frames': num_frames, 'stride': grid.stride,
        }  # fmt: skip
    return {**arguments, 'distilled': is_distilled and not is_image, **size}


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
    arguments = {**arguments, **changes}
    _check_sizes(arguments)
    try:
        return network(**arguments)
    except (ValueError, TypeError) as error:
        raise ConfigError(f'--set: {error}') from error


def _check_sizes(arguments: Mapping[str, Any]) -> None:
    """Raise where an argument is smaller than any network's; ``patch_size`` is the first."""
    hears = 'num_mel_bins' in arguments
    patched = ('num_mel_bins', 'num_frames') if hears else ('img_size',)
    for name, least in LEAST.items():
        if name in patched:
            least = arguments.get('patch_size', least)
        if name in arguments and not is_whole(arguments[name], least):
            raise ConfigError(
                f'--set: Expected `{name}` to be a whole number of at least {least}, but got '
                f'{arguments[name]!r}.'
            )


def _vit_arguments(state: StateDict, facts: NetworkFacts) -> dict[str, Any]:
    found = Architecture.of(state)
    if None in found or 'pos_embed' not in state:
        raise MisfitError('it lacks the embedding of the patches or of their positions, or blocks')
    num_heads = known_heads(found.embed_dims, facts)
    return {
        'embed_dims': found.embed_dims,
        'depth': found.depth,
        'patch_size': found.patch_size,
        'num_heads': num_heads or max(found.embed_dims // HEAD_DIMS, 1),
    }
