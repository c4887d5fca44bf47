"""Check the keys at the top of a config: their names, and what kind of thing each is."""

import difflib
import inspect
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec

from mmengine.config import Config
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.runner import Runner

from mmavssl.utils.argument_types import describe, fits, is_default, short, typed_parameters
from mmavssl.utils.component_check import require_component
from mmavssl.utils.config_slots import DATALOADERS, KNOWN_TOP_LEVEL
from mmavssl.utils.errors import ConfigError

#: Keys of which more is known than the Runner's annotations say.
OWN_RULES = ('model', 'default_hooks', *DATALOADERS, 'train_cfg', 'optim_wrapper', 'self', 'cfg')
HOOKS_OF_MMENGINE = (
    'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint',
)  # fmt: skip
# How alike an unknown top-level key must be to one with a meaning to count as misspelt.
MAX_EDITS, MIN_RATIO = 2, 0.88


def check_top_level(cfg: Config) -> None:
    """Check names and types of the keys at the top, before anything reads them.

    Raises:
        ConfigError: a misspelt key, or something else than belongs there.
    """
    _check_top_level_keys(cfg)
    for key in ('model', *DATALOADERS, 'train_cfg', 'optim_wrapper'):
        require_component(cfg.get(key), key)
    known = inspect.signature(Runner.__init__).parameters
    others = {
        key: value for key, value in cfg.items() if key in known and key not in OWN_RULES
    }
    for key, value in others.items():
        expected = typed_parameters(Runner.__init__)[key]
        if not fits(value, expected[0]) and not is_default(value, expected[1]):
            raise ConfigError(
                f'{key}: expected {describe(expected[0])}, but got {short(value)}.'
            )
    hooks = cfg.get('default_hooks')
    if hooks is not None and not isinstance(hooks, Mapping):
        raise ConfigError(f'default_hooks: expected a dict of hooks, but got {short(hooks)}.')
    for name, hook in (hooks or {}).items():
        require_component(hook, f'default_hooks.{name}')
        if hook is None and name not in HOOKS_OF_MMENGINE:
            raise ConfigError(
                f'default_hooks.{name}: None takes out a hook that MMEngine adds by itself '
                f'({", ".join(HOOKS_OF_MMENGINE)}). Leave the key out.'
            )
    _check_scope(cfg.get('default_scope'))
    commands = cfg.get('prepare_commands')
    if commands is not None and not fits(commands, dict[str, str]):
        raise ConfigError(f'prepare_commands: expected a dict of strings, but got {commands!r}.')


def _check_scope(scope: str | None) -> None:
    known = {MMENGINE_MODELS.scope, *MMENGINE_MODELS.children}
    if scope is not None and scope not in known and not is_package(scope):
        raise ConfigError(
            f'default_scope: there is no package {scope!r}. For components of this one: '
            "'mmavssl'."
        )


def is_package(name: str) -> bool:
    """Return whether Python finds a package of that name; a module alone has no components."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and bool(spec.submodule_search_locations)


def _check_top_level_keys(cfg: Config) -> None:
    """A config may hold any variable, so only names close to one with a meaning are mistakes."""
    for key in cfg:
        if key in KNOWN_TOP_LEVEL:
            continue
        nearest = next((name for name in sorted(KNOWN_TOP_LEVEL) if _misspelt(key, name)), None)
        if nearest:
            raise ConfigError(
                f'{key}: nothing reads this key. Did you mean {nearest!r}? Choose a name less '
                'alike if it is a variable of your own.'
            )


@lru_cache(maxsize=10_000)
def _misspelt(key: str, name: str) -> bool:
    """Whether ``key`` is ``name`` but for a letter or two; ``model2`` is another name."""
    if key.lower() == name or sorted(key) == sorted(name):
        return True
    matcher = difflib.SequenceMatcher(None, key, name, autojunk=False)
    edits = sum(
        max(i2 - i1, j2 - j1)
        for operation, i1, i2, j1, j2 in matcher.get_opcodes()
        if operation != 'equal'
    )
    return (
        edits <= MAX_EDITS
        and matcher.ratio() >= MIN_RATIO
        and key.rstrip('0123456789_') not in KNOWN_TOP_LEVEL
    )
