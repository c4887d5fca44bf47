"""Check a whole config before anything is built from it.

Every component (a dict with a ``type``) must exist in the registry that its key stands for, and
must take the arguments it is given. MMEngine finds such mistakes one by one, some after minutes.
"""

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from mmengine.config import Config
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import Registry
from mmengine.runner import Runner
from mmengine.utils.dl_utils import set_multi_processing
from torch.utils.data import DataLoader

from mmavssl import registry as reg
from mmavssl.utils.argument_types import (
    PLAIN,
    check_types,
    describe,
    fits,
    is_default,
    short,
    typed_parameters,
)
from mmavssl.utils.components import a, check_arguments, check_values, component_of
from mmavssl.utils.config_slots import (
    DATALOADER_SLOTS,
    DATALOADERS,
    EVALUATOR_SLOT,
    KNOWN_TOP_LEVEL,
    LOOP_BY_EPOCH,
    NESTED_SLOTS,
    TOP_LEVEL_SLOTS,
    Slot,
)
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.foreign_rules import KEYS, check_env, check_foreign, check_keys
from mmavssl.utils.plugin_imports import imported_modules
from mmavssl.utils.sharded_optimizer import is_sharded, local_optimizer

EVALUATORS = ('val_evaluator', 'test_evaluator')
#: Keys of which more is known than the Runner's annotations say.
OWN_RULES = ('model', 'default_hooks', *DATALOADERS, 'train_cfg', 'optim_wrapper', 'self', 'cfg')
HOOKS_OF_MMENGINE = (
    'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint',
)  # fmt: skip
OWN_SCOPES = ('mmavssl', 'mmengine')
# Packages whose components build their nested components through registries, as the keys say.
KNOWN_PACKAGES = ('mmavssl', 'mmengine', 'mmcv')
# How alike an unknown top-level key must be to one with a meaning to count as misspelt.
MAX_EDITS, MIN_RATIO = 2, 0.88


def check_config(cfg: Config) -> None:
    """Raise at the first mistake in the components of a config.

    Raises:
        ConfigError: one line that starts with the path of the key, e.g. ``model.mixer.masker``.
    """
    check_top_level(cfg)
    if cfg.get('model') is None:
        raise ConfigError('model: expected a dict with a `type`, but there is none.')
    check = ComponentCheck(cfg.get('default_scope'), imported_modules(cfg))
    for name, slot in TOP_LEVEL_SLOTS.items():
        if name not in ('optim_wrapper', 'param_scheduler', 'train_cfg', *EVALUATORS):
            check.visit(cfg.get(name), slot, name, strict=True)
    for name in DATALOADERS:
        _check_dataloader(check, cfg.get(name), name)
    for name in EVALUATORS:
        value = cfg.get(name)
        for index, item in enumerate(value if isinstance(value, list | tuple) else ()):
            _require_component(item if item is not None else '', f'{name}[{index}]')
        has_metrics = isinstance(value, Mapping) and 'metrics' in value
        check.visit(value, EVALUATOR_SLOT if has_metrics else TOP_LEVEL_SLOTS[name], name, True)
    for name, hook in (cfg.get('default_hooks') or {}).items():
        check.visit(hook, TOP_LEVEL_SLOTS['custom_hooks'], f'default_hooks.{name}', strict=True)
    _check_train_loop(check, cfg.get('train_cfg'))
    _check_optimizer(check, cfg.get('optim_wrapper'), 'optim_wrapper')
    _check_schedulers(check, cfg.get('param_scheduler'))
    _check_settings(cfg)


class ComponentCheck:
    """Walk through nested components.

    Components of other packages may use any key for anything, so that what is inside them is only
    checked where a registry knows it.

    Args:
        default_scope: of the config; types without a prefix are looked up there as well.
        plugins: names of the modules that the config has imported.
    """

    def __init__(self, default_scope: str | None = None, plugins: Sequence[str] = ()) -> None:
        self.plugins = plugins
        self.scope = None if default_scope in OWN_SCOPES else default_scope

    def visit(self, value: Any, slot: Slot | None, path: str, strict: bool) -> None:
        """Check what stands at ``path``.

        Args:
            value: a component, a list of them, or anything else, which is skipped.
            slot: what belongs there, None where that is not known.
            path: of the value in the config, for messages.
            strict: whether a component must be there; otherwise an unknown type may be anything.

        Raises:
            ConfigError: unknown or missing type, or an argument that the component does not take.
        """
        if isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                self.visit(item, slot, f'{path}[{index}]', strict)
        elif isinstance(value, Mapping) and value.get('_scope_', 'mmavssl') in OWN_SCOPES:
            target = self._check_component(value, slot, path, strict)
            known = getattr(target, '__module__', '').partition('.')[0] in KNOWN_PACKAGES
            for key, child in value.items():
                self.visit(child, _child_slot(slot, key), f'{path}.{key}', strict=known)

    def find(self, kind: Any, registry: Registry, path: str) -> Callable:
        """Return the class or function of that name.

        Raises:
            ConfigError: there is none.
        """
        if self.scope and isinstance(kind, str) and '.' not in kind:
            target = registry.get(f'{self.scope}.{kind}')
            if callable(target):
                return target
        try:
            return component_of(kind, registry, self.plugins)
        except ConfigError as error:
            raise ConfigError(f'{path}: {error}') from None

    def _check_component(
        self, cfg: Mapping, slot: Slot | None, path: str, strict: bool
    ) -> Callable | None:
        kind = cfg.get('type', slot.default if slot else None)
        if slot is None or (kind is None and not strict):
            return None
        if strict and 'type' in cfg and not (isinstance(kind, str) or callable(kind)):
            raise ConfigError(
                f'{path}.type: expected the name of {a(slot.registry.name)}, but got '
                f'{short(kind)}.'
            )
        if kind is None:
            raise ConfigError(
                f"{path}: expected {a(slot.registry.name)} with a 'type', but got "
                f'{_short(cfg)}. Set `type`, or check the spelling of the key.'
            )
        if not strict and not self._exists(kind, slot.registry):
            return None
        target = self.find(kind, slot.registry, path) if isinstance(kind, str) else kind
        if strict:
            ignored = {'type', '_scope_', *slot.extra}
            arguments = {key: value for key, value in cfg.items() if key not in ignored}
            _check_names(target, arguments, path)
            is_ours = getattr(target, '__module__', '').startswith('mmavssl')
            if not is_ours:
                _check_nested(arguments, path)
            typed = {k: v for k, v in arguments.items() if is_ours or k not in NESTED_SLOTS}
            check_values(target, typed, path)
            check_foreign(target, arguments, path)
        return target

    def _exists(self, kind: Any, registry: Registry) -> bool:
        return not isinstance(kind, str) or callable(registry.get(kind))


def _check_names(target: Callable, arguments: Mapping, path: str) -> None:
    """Check which arguments there are; a stranger among them is often one of the base config."""
    try:
        check_arguments(target, arguments, path)
    except ConfigError as error:
        if 'Did you mean' in str(error):
            raise
        raise ConfigError(
            f'{error} Where the key comes from `_base_`, `_delete_=True` beside `type` drops it.'
        ) from None


def _child_slot(parent: Slot | None, key: str) -> Slot | None:
    """Transforms take other transforms under any name (`MultiView`); elsewhere the key decides."""
    if parent is not None and parent.registry is reg.TRANSFORMS:
        return Slot(reg.TRANSFORMS)
    return NESTED_SLOTS.get(key)


def _check_dataloader(check: ComponentCheck, cfg: Any, path: str) -> None:
    if not isinstance(cfg, Mapping):
        return
    taken_by_runner = {'dataset', 'num_batch_per_epoch', 'disable_subprocess_warning'}
    check_arguments(DataLoader, [key for key in cfg if key not in taken_by_runner], path)
    plain = {key: value for key, value in cfg.items() if key not in DATALOADER_SLOTS}
    check_types(DataLoader, plain, path)
    check_foreign(DataLoader, plain, path)
    for key in ('dataset', 'sampler'):
        if cfg.get(key) is None:
            raise ConfigError(f'{path}.{key}: expected a dict with a `type`, but there is none.')
    for key, slot in DATALOADER_SLOTS.items():
        _require_component(cfg.get(key), f'{path}.{key}')
        check.visit(cfg.get(key), slot, f'{path}.{key}', strict=True)


def _check_train_loop(check: ComponentCheck, cfg: Any) -> None:
    if not isinstance(cfg, Mapping):
        return
    if 'type' not in cfg and 'by_epoch' not in cfg:
        raise ConfigError(
            f"train_cfg: expected `type` ('EpochBasedTrainLoop' or 'IterBasedTrainLoop') or "
            f'`by_epoch`, but got {_short(cfg)}.'
        )
    default = None if 'type' in cfg else LOOP_BY_EPOCH[bool(cfg['by_epoch'])]
    check.visit(cfg, Slot(reg.LOOPS, default, ('by_epoch',)), 'train_cfg', strict=True)


def _check_optimizer(check: ComponentCheck, cfg: Any, path: str) -> None:
    if not isinstance(cfg, Mapping):
        return
    if cfg.get('constructor') is not None:
        constructors = reg.OPTIM_WRAPPER_CONSTRUCTORS
        check.find(cfg['constructor'], constructors, f'{path}.constructor')
    if 'optimizer' in cfg:
        if is_sharded(cfg['optimizer']):
            cfg = {**cfg, 'optimizer': local_optimizer(cfg['optimizer'], f'{path}.optimizer')}
        check.visit(cfg, TOP_LEVEL_SLOTS['optim_wrapper'], path, strict=True)
    else:  # several optimizers, each under a name that the constructor knows
        for name, part in cfg.items():
            _check_optimizer(check, part, f'{path}.{name}')


def _check_schedulers(check: ComponentCheck, cfg: Any) -> None:
    groups = {'param_scheduler': cfg}
    if isinstance(cfg, Mapping) and 'type' not in cfg:  # one list per optimizer
        groups = {f'param_scheduler.{name}': schedulers for name, schedulers in cfg.items()}
    for path, schedulers in groups.items():
        check.visit(schedulers, TOP_LEVEL_SLOTS['param_scheduler'], path, strict=True)


def _check_settings(cfg: Config) -> None:
    """Check the dicts that MMEngine hands to functions of its own."""
    env_cfg = cfg.get('env_cfg') or {}
    check_env(env_cfg)
    for function, arguments, path in (
        (Runner.set_randomness, cfg.get('randomness') or {}, 'randomness'),
        (set_multi_processing, env_cfg.get('mp_cfg') or {}, 'env_cfg.mp_cfg'),
    ):
        check_arguments(function, arguments, path)
        check_types(function, arguments, path)
        check_foreign(function, arguments, path)
    seed = (cfg.get('randomness') or {}).get('seed')
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ConfigError(f'randomness.seed: expected an int or None, but got {short(seed)}.')
    if cfg.get('auto_scale_lr'):
        check_keys(cfg.auto_scale_lr, KEYS['auto_scale_lr'], 'auto_scale_lr')


def check_top_level(cfg: Config) -> None:
    """Check names and types of the keys at the top, before anything reads them.

    Raises:
        ConfigError: a misspelt key, or something else than belongs there.
    """
    _check_top_level_keys(cfg)
    for key in ('model', *DATALOADERS, 'train_cfg', 'optim_wrapper'):
        _require_component(cfg.get(key), key)
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
        _require_component(hook, f'default_hooks.{name}')
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


def _require_component(value: Any, path: str) -> None:
    """Raise unless it is a dict, something built, or nothing."""
    if value is not None and isinstance(value, PLAIN) and not isinstance(value, Mapping):
        raise ConfigError(f'{path}: expected a dict with a `type`, but got {short(value)}.')


def _check_nested(arguments: Mapping, path: str) -> None:
    for key, value in arguments.items():
        if key in NESTED_SLOTS and isinstance(value, PLAIN):
            items = value if isinstance(value, list | tuple) else [value]
            for item in items:
                _require_component(item, f'{path}.{key}')


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


def _short(cfg: Mapping) -> str:
    return f'a dict with the keys {sorted(cfg)}' if cfg else 'an empty dict'
