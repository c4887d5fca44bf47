"""Check the values of a config for what would make MMEngine import or run something else.

A ``type`` that no registry has is imported as a path to a module, arguments of some components are
imported or run by them, and MMEngine writes keys unquoted into the copy of the config that a run
leaves, which is Python again.
"""

import importlib.util
from collections.abc import Mapping
from functools import cache
from typing import Any

from mmengine.registry import Registry

from mmavssl import registry as reg
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.safe_config.limits import MAX_DEPTH

SCOPES = ('mmavssl', None)
#: Keys whose value is looked up in a registry. `clip_grad.type` is none, but a kind of norm.
NAMING_KEYS = ('type', 'constructor', 'runner_type')
NOT_NAMING = 'clip_grad'
#: Whose components neither import nor run what an argument names, nor open a pickle.
TRUSTED_MODULES = (
    'mmavssl.', 'torch.optim.', 'mmengine.optim.scheduler.', 'mmengine.optim.optimizer.',
    'mmengine.dataset.', 'mmengine.evaluator.evaluator.', 'mmengine.runner.loops.',
    'mmengine.runner.log_processor.', 'mmengine.model.weight_init.',
    'mmengine.model.base_model.data_preprocessor.',
)  # fmt: skip
TRUSTED_NAMES = {
    'CheckpointHook', 'DistSamplerSeedHook', 'EarlyStoppingHook', 'EmptyCacheHook',
    'IterTimerHook', 'LocalVisBackend', 'LoggerHook', 'MMDistributedDataParallel',
    'ParamSchedulerHook', 'Runner', 'RuntimeInfoHook', 'SyncBuffersHook',
    'TensorboardVisBackend', 'Visualizer',
}  # fmt: skip
COMPILE_KEYS = {'mode', 'fullgraph', 'dynamic', 'disable'}  # `options` may name a compiler
ADVICE = 'Change it, or leave --safe-config out after you have read the file.'


def check_values(cfg: Mapping) -> None:
    """Raise at the first value that would import or run something else than data need.

    Args:
        cfg: the whole config, with the changes of the command line.

    Raises:
        ConfigError: one line that starts with the path of the key.
    """
    if cfg.get('custom_imports') is not None:
        raise _refuse('custom_imports', 'imports modules')
    settings = cfg.get('compile')
    if isinstance(settings, Mapping) and (others := sorted(set(settings) - COMPILE_KEYS, key=str)):
        raise _refuse(f'compile.{others[0]}', 'is handed to a compiler')
    _visit(cfg, '', 0)


def _visit(value: Any, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _refuse(path, 'is nested too deeply')
    if isinstance(value, Mapping):
        for key, child in value.items():
            _check_key(key, path)
            here = f'{path}.{key}' if path else str(key)
            _check_item(key, child, here)
            _visit(child, here, depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            _visit(child, f'{path}[{index}]', depth + 1)


def _check_key(key: Any, path: str) -> None:
    if isinstance(key, str):
        fits = key.isprintable() and not set(key) & {"'", '\\'}
        fits &= bool(path) or key.isidentifier()  # of the whole config: a name
    else:
        fits = isinstance(key, int)
    if not fits:
        raise _refuse(f'{path}[{key!r}]' if path else repr(key), 'is no plain name')


def _check_item(key: Any, value: Any, path: str) -> None:
    if key in ('_scope_', 'default_scope') and value not in SCOPES:
        raise _refuse(path, f'imports the package {value!r}')
    if key == 'sys_path' or (key == 'backend' and value == 'memcached'):
        raise _refuse(path, 'imports a module from any folder')
    if key in NAMING_KEYS and path.split('.')[-2:-1] != [NOT_NAMING] and value is not None:
        _check_name(value, path)


def _check_name(name: Any, path: str) -> None:
    if not isinstance(name, str):
        raise _refuse(path, f'is no name, but {type(name).__name__}')
    scope, _, rest = name.rpartition('.')
    known = _trust(scope == 'mmengine') if scope in ('', 'mmavssl', 'mmengine') else {}
    if rest not in known:
        raise _refuse(
            path, f'{name!r} is not registered by mmavssl or MMEngine, which would import it'
        )
    if not known[rest]:
        raise _refuse(path, f'{name!r} can import, run or send something that its arguments name')
    # Where another kind of component is expected, its name is taken for a module's.
    if not scope and importlib.util.find_spec(name) is not None:
        raise _refuse(path, f'{name!r} is a module, too, in the folders of sys.path')


@cache
def _trust(in_mmengine: bool) -> dict[str, bool]:
    """Return for each name whether all that it stands for is trusted, in whichever registry.

    Args:
        in_mmengine: whether it is looked up in MMEngine's registries alone; ours go before.
    """
    found: dict[str, bool] = {}
    for registry in [value for value in vars(reg).values() if isinstance(value, Registry)]:
        registry.import_from_location()
        parent = registry.parent.module_dict if registry.parent else {}
        if (registry.scope == 'mmengine') == in_mmengine:
            for name, target in {**parent, **registry.module_dict}.items():
                found[name] = found.get(name, True) and _is_trusted(name, target)
    return found


def _is_trusted(name: str, target: Any) -> bool:
    module = f'{getattr(target, "__module__", "")}.'
    return name in TRUSTED_NAMES or module.startswith(TRUSTED_MODULES)


def _refuse(path: str, what: str) -> ConfigError:
    return ConfigError(f'{path}: --safe-config accepts data only, but this {what}. {ADVICE}')
