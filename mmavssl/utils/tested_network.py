"""Which network of an algorithm is tested."""

from mmengine.config import Config

from mmavssl.registry import MODELS
from mmavssl.utils.components import accepted_arguments, component_of
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.published_weights import published_network


def has_choice(cfg: Config) -> bool:
    """Whether the algorithm of a config has several networks, one of which is tested."""
    return 'test_with' in (accepted_arguments(component_of(cfg.model.type, MODELS)) or ())


def set_tested_network(cfg: Config, name: str) -> None:
    """Set the network to test; an algorithm with the student alone has no choice.

    Args:
        cfg: is changed.
        name: ``student``, ``teacher`` or ``both``.

    Raises:
        ConfigError: a teacher is asked for, and there is none.
    """
    if has_choice(cfg):
        cfg.model.test_with = name
    elif name == 'teacher':
        raise ConfigError(f'--use teacher: {cfg.model.type} has no teacher. Leave --use out.')


def network_to_test(cfg: Config, use: str | None, checkpoint: str | None) -> str | None:
    """Return the network that is asked for, or the one that a published file has.

    Args:
        cfg: of the algorithm.
        use: ``student``, ``teacher`` or ``both``; None: not said.
        checkpoint: file of the weights, if there is one.

    Raises:
        ConfigError: a published file has another network than the one that is asked for.
    """
    held = published_network(checkpoint) if checkpoint and has_choice(cfg) else None
    if held is None:
        return use
    if use not in (None, held):
        raise ConfigError(
            f'{checkpoint} has the {held} alone, so that `use` (--use) cannot be {use!r}. Leave '
            'it out.'
        )
    return held
