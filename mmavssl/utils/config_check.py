"""Check a whole config before anything is built from it.

Every component (a dict with a ``type``) must exist in the registry that its key stands for, and
must take the arguments it is given. MMEngine finds such mistakes one by one, some after minutes.
"""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.utils.dl_utils import set_multi_processing
from torch.utils.data import DataLoader

from mmavssl import registry as reg
from mmavssl.utils.argument_types import check_types, short
from mmavssl.utils.component_check import ComponentCheck, require_component, short_of
from mmavssl.utils.components import check_arguments
from mmavssl.utils.config_slots import (
    DATALOADER_SLOTS,
    DATALOADERS,
    EVALUATOR_SLOT,
    LOOP_BY_EPOCH,
    TOP_LEVEL_SLOTS,
    Slot,
)
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.foreign_rules import KEYS, check_env, check_foreign, check_keys
from mmavssl.utils.plugin_imports import imported_modules
from mmavssl.utils.sharded_optimizer import is_sharded, local_optimizer
from mmavssl.utils.top_level_check import check_top_level

EVALUATORS = ('val_evaluator', 'test_evaluator')


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
            require_component(item if item is not None else '', f'{name}[{index}]')
        has_metrics = isinstance(value, Mapping) and 'metrics' in value
        check.visit(value, EVALUATOR_SLOT if has_metrics else TOP_LEVEL_SLOTS[name], name, True)
    for name, hook in (cfg.get('default_hooks') or {}).items():
        check.visit(hook, TOP_LEVEL_SLOTS['custom_hooks'], f'default_hooks.{name}', strict=True)
    _check_train_loop(check, cfg.get('train_cfg'))
    _check_optimizer(check, cfg.get('optim_wrapper'), 'optim_wrapper')
    _check_schedulers(check, cfg.get('param_scheduler'))
    _check_settings(cfg)


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
        require_component(cfg.get(key), f'{path}.{key}')
        check.visit(cfg.get(key), slot, f'{path}.{key}', strict=True)


def _check_train_loop(check: ComponentCheck, cfg: Any) -> None:
    if not isinstance(cfg, Mapping):
        return
    if 'type' not in cfg and 'by_epoch' not in cfg:
        raise ConfigError(
            f"train_cfg: expected `type` ('EpochBasedTrainLoop' or 'IterBasedTrainLoop') or "
            f'`by_epoch`, but got {short_of(cfg)}.'
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
