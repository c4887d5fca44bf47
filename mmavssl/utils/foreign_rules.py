"""What MMEngine and PyTorch do not check, or only when it is too late to name a key."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import check_range
from mmavssl.utils.worker_sockets import check_worker_sockets


class Range(NamedTuple):
    """Limits of a number, see `check_range`."""

    low: float | None = None
    high: float | None = None
    above: float | None = None


POSITIVE = Range(low=1)
#: By component, which gives them to those derived from it, and argument.
RANGES: dict[str, dict[str, Range]] = {
    'EpochBasedTrainLoop': {
        'max_epochs': Range(1, 10**6), 'val_interval': POSITIVE, 'val_begin': Range(0),
    },
    'IterBasedTrainLoop': {
        'max_iters': Range(1, 10**9), 'val_interval': POSITIVE, 'val_begin': Range(0),
    },
    'DataLoader': {
        'batch_size': Range(1, 2**20), 'num_workers': Range(0, 1024),
        'prefetch_factor': POSITIVE, 'timeout': Range(0),
    },
    'CheckpointHook': {'interval': Range(-1), 'max_keep_ckpts': Range(-1), 'save_begin': Range(0)},
    'LoggerHook': {'interval': POSITIVE},
    'LogProcessor': {'window_size': POSITIVE, 'num_digits': Range(0)},
    'OptimWrapper': {'accumulative_counts': POSITIVE},
    'Optimizer': {
        'lr': Range(above=0), 'weight_decay': Range(0), 'momentum': Range(0), 'eps': Range(0),
    },
    '_ParamScheduler': {
        'begin': Range(0), 'end': POSITIVE, 'T_max': POSITIVE, 'gamma': Range(above=0),
        'step_size': POSITIVE, 'total_iters': POSITIVE, 'factor': Range(above=0),
        'start_factor': Range(above=0, high=1), 'end_factor': Range(0, 1), 'power': Range(above=0),
    },
    'set_randomness': {'seed': Range(0, 2**32 - 1)},
    'set_multi_processing': {'opencv_num_threads': Range(0, 1024)},
}  # fmt: skip
#: Arguments without annotation that must be strings.
STRINGS = {'PretrainedInit': ('checkpoint',)}
#: Dicts that functions read, not components: the keys that they know.
KEYS: dict[str, tuple[str, ...]] = {
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'auto_scale_lr': ('enable', 'base_batch_size'),
}
#: Of functions of PyTorch that clip gradients; the first argument is needed.
CLIP_KEYS = {
    'norm': ('max_norm', 'norm_type', 'error_if_nonfinite', 'foreach'),
    'value': ('clip_value', 'foreach'),
}
LOG_KEYS = ('data_src', 'method_name', 'window_size', 'log_name')
DIST_KEYS = (
    'backend', 'timeout', 'init_backend', 'port', 'init_method', 'world_size', 'rank',
    'group_name', 'pg_options', 'device_id', 'store',
)  # fmt: skip
START_METHODS = ('fork', 'spawn', 'forkserver')


def check_foreign(target: Callable, arguments: Mapping[str, Any], where: str) -> None:
    """Raise at an argument of MMEngine's or PyTorch's that is out of its range.

    Args:
        target: class or function that it is meant for.
        arguments: by name.
        where: path of them in the config.

    Raises:
        ConfigError: names the key and the range.
    """
    bases = target.__mro__ if inspect.isclass(target) else (target,)
    for base in bases:
        for name, limits in RANGES.get(base.__name__, {}).items():
            value = arguments.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                try:
                    check_range(name, value, limits.low, limits.high, above=limits.above)
                except ValueError as error:
                    raise ConfigError(f'{where}.{name}: {error}') from None
    for name in STRINGS.get(target.__name__, ()):
        if not isinstance(arguments.get(name), str):
            raise ConfigError(
                f'{where}.{name}: expected a string, but got {arguments.get(name)!r}.'
            )
    if target.__name__ == 'DataLoader':
        check_workers(arguments, where)
    if any(base.__name__ == 'LogProcessor' for base in bases):
        check_log_entries(arguments.get('custom_cfg') or (), where)
    # Wrappers of plugins may know other ways to clip.
    is_wrapper = any(base.__name__ == 'OptimWrapper' for base in bases)
    if is_wrapper and target.__module__.startswith('mmengine.'):
        check_clip_grad(arguments.get('clip_grad'), f'{where}.clip_grad')


#: Arguments of a DataLoader that are about its workers, and what each is where there are none.
OF_WORKERS = {'persistent_workers': False, 'prefetch_factor': None}


def check_workers(loader: Mapping[str, Any], where: str) -> None:
    """Raise at an argument of a DataLoader that PyTorch takes for workers only, without any.

    Raises:
        ConfigError: names the key, and what to set it to; or workers cannot work here.
    """
    if loader.get('num_workers', 0):
        check_worker_sockets(f'{where}.num_workers')
        return
    for name, nothing in OF_WORKERS.items():
        if loader.get(name, nothing) not in (nothing, None):
            raise ConfigError(
                f'{where}.{name}: {loader[name]!r} needs workers, but `num_workers` is 0. Set '
                f'{where}.{name}={nothing} as well.'
            )


def check_clip_grad(clip_grad: Any, where: str) -> None:
    """Check how gradients are clipped, which MMEngine hands on in the first iteration.

    Raises:
        ConfigError: an unknown kind or key, or no limit.
    """
    if clip_grad is None:
        return
    kind = clip_grad.get('type', 'norm') if isinstance(clip_grad, Mapping) else 'norm'
    if kind not in CLIP_KEYS:
        raise ConfigError(f'{where}.type: expected one of {list(CLIP_KEYS)}, but got {kind!r}.')
    check_keys(clip_grad, ('type', *CLIP_KEYS[kind]), where)
    limit = CLIP_KEYS[kind][0]
    if limit not in clip_grad:
        raise ConfigError(f'{where}: expected {limit!r}, the limit, but got {dict(clip_grad)}.')


def check_log_entries(entries: Any, where: str) -> None:
    """Check what MMEngine's `LogProcessor` is to log, whose own assertions say nothing.

    Raises:
        ConfigError: an entry without ``data_src``, an unknown key, or two of one name.
    """
    names = set()
    for number, entry in enumerate(entries):
        place = f'{where}.custom_cfg[{number}]'
        check_keys(entry, LOG_KEYS, place)
        for key in ('data_src', 'method_name'):
            if not isinstance(entry.get(key), str):
                raise ConfigError(f'{place}.{key}: expected a string, but got {entry.get(key)!r}.')
        size = entry.get('window_size', 1)
        is_count = isinstance(size, int) and not isinstance(size, bool) and size > 0
        if not is_count and size not in ('epoch', 'global'):
            raise ConfigError(
                f"{place}.window_size: expected a positive int, 'epoch' or 'global', but got "
                f'{size!r}.'
            )
        name = entry.get('log_name', entry['data_src'])
        if name in names:
            raise ConfigError(
                f'{place}: there is another entry that is logged as {name!r}. Give one of them '
                'another `log_name`.'
            )
        names.add(name)


def check_keys(value: Any, known: tuple[str, ...], where: str) -> None:
    """Raise a ConfigError unless ``value`` is a dict with no other keys than the known ones."""
    from mmavssl.utils.components import did_you_mean

    if not isinstance(value, Mapping):
        raise ConfigError(f'{where}: expected a dict, but got {value!r}.')
    for key in value:
        if key not in known:
            raise ConfigError(
                f'{where}.{key}: nothing reads this key.{did_you_mean(str(key), known)} Known are '
                f'{", ".join(known)}.'
            )


def check_env(env_cfg: Any) -> None:
    """Check the keys of ``env_cfg``, and how workers are to be started.

    Raises:
        ConfigError: an unknown key, or one of ours out of its range.
    """
    check_keys(env_cfg, KEYS['env_cfg'], 'env_cfg')
    for key in ('mp_cfg', 'dist_cfg'):
        if not isinstance(env_cfg.get(key, {}), Mapping):
            raise ConfigError(f'env_cfg.{key}: expected a dict, but got {env_cfg[key]!r}.')
    method = (env_cfg.get('mp_cfg') or {}).get('mp_start_method', 'fork')
    if method not in START_METHODS:
        raise ConfigError(
            f'env_cfg.mp_cfg.mp_start_method: expected one of {START_METHODS}, but got {method!r}.'
        )
    check_keys(env_cfg.get('dist_cfg') or {}, DIST_KEYS, 'env_cfg.dist_cfg')
    backend = (env_cfg.get('dist_cfg') or {}).get('backend', 'nccl')
    if not isinstance(backend, str):
        raise ConfigError(f'env_cfg.dist_cfg.backend: expected a string, but got {backend!r}.')
    for key, kind in (('cudnn_benchmark', bool), ('resource_limit', int)):
        if not isinstance(env_cfg.get(key, kind()), kind):
            raise ConfigError(
                f'env_cfg.{key}: expected a {kind.__name__}, but got {env_cfg[key]!r}.'
            )
