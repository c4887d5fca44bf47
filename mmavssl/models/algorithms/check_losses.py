"""Whether an algorithm has given losses, and names its networks."""

from typing import Any

from torch import Tensor, nn

from mmavssl.models.utils.given import describe
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.roles import ROLES


def check_losses(algorithm: nn.Module, losses: Any) -> dict[str, Tensor]:
    """Return what `loss` of an algorithm gives, if MMEngine can sum and log it.

    Raises:
        ConfigError: names the algorithm, what was expected, and what it is.
    """
    expected = f'Expected {type(algorithm).__name__}.loss to give a dict of float tensors by name'
    if not isinstance(losses, dict):
        raise ConfigError(f'{expected}, but got {describe(losses)}.')
    for name, value in losses.items():
        parts = value if isinstance(value, list) else [value]
        wrong = [part for part in parts if not is_loss(part)]
        if wrong:
            raise ConfigError(f'{expected}, but got {name!r}: {describe(wrong[0])}.')
    if not any('loss' in name for name in losses):
        raise ConfigError(
            f"{expected}, of which those with 'loss' in their name are summed, but got none among "
            f'{", ".join(map(repr, losses)) or "no names at all"}.'
        )
    return losses


def is_loss(value: Any) -> bool:
    """Whether MMEngine can take the mean of a value."""
    return isinstance(value, Tensor) and value.is_floating_point()


def check_networks(algorithm: nn.Module, networks: Any) -> dict[str, nn.Module]:
    """Return the ``networks`` of an algorithm, if `test_with` and the metric know their names.

    Raises:
        ConfigError: names the algorithm, what was expected, and what it is.
    """
    if not isinstance(networks, dict):
        got = describe(networks)
    elif not networks or not set(networks) <= set(ROLES):
        got = ', '.join(map(repr, networks)) or 'an empty one'
    else:
        return networks
    raise ConfigError(
        f'Expected {type(algorithm).__name__}.networks to be a dict of recognizers by the names '
        f"{' and '.join(map(repr, ROLES))}, or one of these, but got {got}."
    )
