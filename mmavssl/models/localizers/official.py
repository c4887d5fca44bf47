"""Checkpoints of FNAC and EZ-VSL, to ours and back."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from mmavssl.models.localizers.fnac import FNACLocalizer
from mmavssl.models.localizers.weights import TRAINER_PREFIX
from mmavssl.models.utils.fit import StateDict, describe_misfit
from mmavssl.structures.trained_input import KEY, OFFICIAL_KEY, trained_input
from mmavssl.utils.errors import ConfigError

#: Where our tensors are, what theirs hear, and what their parallel training adds to names.
OUR_KEY = 'state_dict'
OFFICIAL_INPUT = 'spectrogram'
PARALLEL_PREFIX = 'module.'


class Conversion(NamedTuple):
    """A checkpoint in the other layout.

    Attributes:
        checkpoint: what is to be saved; ours says in ``meta`` what the network hears.
        tensors: those in it, by their official names.
        dropped: all that was in the file besides them, by name.
    """

    checkpoint: dict[str, dict]
    tensors: StateDict
    dropped: dict[str, Any]


def from_official(content: Mapping[str, Any], file: str) -> Conversion:
    """Return a checkpoint as `LocalizerTrainer` has it; a localizer's ``init_cfg`` takes it too.

    Args:
        content: of the official file: ``model``, and what their training needs besides.
        file: its name, for messages.

    Raises:
        ConfigError: another layout, or tensors that are not those of the official network.
    """
    state = _tensors(content, OFFICIAL_KEY, file, 'a checkpoint of FNAC or EZ-VSL')
    if all(name.startswith(PARALLEL_PREFIX) for name in state):
        state = {name.removeprefix(PARALLEL_PREFIX): state[name] for name in state}
    _check_official(state, file)
    dropped = {key: value for key, value in content.items() if key != OFFICIAL_KEY}
    ours = {f'{TRAINER_PREFIX}{name}': tensor for name, tensor in state.items()}
    return Conversion({OUR_KEY: ours, 'meta': {KEY: OFFICIAL_INPUT}}, state, dropped)


def to_official(content: Mapping[str, Any], file: str) -> Conversion:
    """Return a checkpoint that the test scripts of FNAC and EZ-VSL read.

    They take ``model`` alone. What their training needs to go on (optimizer, epoch, best scores)
    has no counterpart in ours.

    Args:
        content: of a checkpoint of `LocalizerTrainer`, or with the localizer's own ``state_dict``.
        file: its name, for messages.

    Raises:
        ConfigError: another layout, or a localizer of another size than the official network, or
            one that hears something else.
    """
    state = _tensors(content, OUR_KEY, file, 'a checkpoint of `LocalizerTrainer`')
    heard = trained_input(content)
    if heard not in (None, OFFICIAL_INPUT):
        raise ConfigError(
            f'{file} was trained with `{KEY}`={heard!r}, but the official scripts give their '
            f'network a {OFFICIAL_INPUT}: what it hears would mean nothing to it.'
        )
    dropped = {key: value for key, value in content.items() if key != OUR_KEY}
    if any(name.startswith(TRAINER_PREFIX) for name in state):
        others = [name for name in state if not name.startswith(TRAINER_PREFIX)]
        dropped.update({name: state.pop(name) for name in others})
        state = {name.removeprefix(TRAINER_PREFIX): state[name] for name in state}
    _check_official(state, file)
    return Conversion({OFFICIAL_KEY: state}, state, dropped)


def _tensors(content: Mapping[str, Any], key: str, file: str, expected: str) -> StateDict:
    state = content.get(key)
    if not isinstance(state, Mapping) or not all(map(torch.is_tensor, state.values())):
        there = ', '.join(map(str, list(content)[:5])) or 'nothing'
        other = OUR_KEY if key == OFFICIAL_KEY else OFFICIAL_KEY
        hint = ' Is the other direction meant?' if isinstance(content.get(other), Mapping) else ''
        raise ConfigError(
            f'{file}: expected {expected}, with tensors by name under {key!r}, but it has '
            f'{there}.{hint}'
        )
    return dict(state)


def _check_official(state: StateDict, file: str) -> None:
    with torch.device('meta'):
        official = FNACLocalizer().state_dict()
    misfit = describe_misfit(state, official)
    if misfit:
        raise ConfigError(
            f'{file} does not fit the network of FNAC and EZ-VSL, two whole ResNet-18s and two '
            f'projections to 512 channels: {misfit}.'
        )
