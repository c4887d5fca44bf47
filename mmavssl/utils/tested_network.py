"""Which network of an algorithm is tested."""

from mmengine.config import Config

from mmavssl.registry import MODELS
from mmavssl.utils.components import accepted_arguments, find_component
from mmavssl.utils.errors import ConfigError


def has_choice(cfg: Config) -> bool:
    """Whether the algorithm of a config has several networks, one of which is tested."""
    return 'test_with' in (accepted_arguments(find_component(cfg.model.type, MODELS)) or ())


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
