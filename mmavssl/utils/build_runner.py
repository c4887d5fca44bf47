"""Build a Runner, and all that it would build later, with errors that name the key."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import nn

from mmavssl.registry import MODELS
from mmavssl.utils.argument_types import PLAIN
from mmavssl.utils.console_log import shorten_console
from mmavssl.utils.errors import CLEAR, ConfigError
from mmavssl.utils.machine import processor
from mmavssl.utils.network_cost import build_shapes
from mmavssl.utils.tool_errors import system_message
from mmavssl.version import __version__

#: Names of local variables in which MMEngine and `build_component` have a component's config.
LOCALS = (
    'cfg', 'dataloader', 'loop', 'evaluator', 'optim_wrapper', 'scheduler', 'hook', 'visualizer',
    'log_processor', 'env_cfg',
)  # fmt: skip
#: What a method of the Runner is about, where no component's config tells more.
KEYS = {
    'build_model': 'model', 'build_train_loop': 'train_cfg', 'build_val_loop': 'val_cfg',
    'build_test_loop': 'test_cfg', 'build_optim_wrapper': 'optim_wrapper',
    'build_param_scheduler': 'param_scheduler', 'build_visualizer': 'visualizer',
    'build_log_processor': 'log_processor', 'build_logger': 'log_level', 'setup_env': 'env_cfg',
    'set_randomness': 'randomness', 'register_hooks': 'default_hooks', 'wrap_model': 'model',
    'scale_lr': 'auto_scale_lr',
}  # fmt: skip


class ToolRunner(Runner):
    """A Runner that leaves no config in its work dir: what is left there is up to the tool.

    MMEngine's writes it whatever the Runner is for, so that a test replaces what training left.
    Its log begins with hundreds of lines, which go into the file alone, and with what MMEngine
    does not know: our version, and the processor.
    """

    def dump_config(self) -> None:
        """Do nothing."""

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Build the log; see `shorten_console`."""
        logger = super().build_logger(*args, **kwargs)
        shorten_console(logger)
        return logger

    def _log_env(self, env_cfg: dict) -> None:
        super()._log_env(env_cfg)
        self.logger.info(f'Environment, config and hooks are in {self.logger.log_file}')
        self.logger.info(f'mmavssl {__version__} on {processor()}')


def write_config(cfg: Config, file: Path) -> None:
    """Write a config with all bases and options, in the first process."""
    if is_main_process():
        file.parent.mkdir(parents=True, exist_ok=True)
        cfg.dump(file)


def model_shapes(cfg: Config) -> nn.Module | None:
    """Return the model with parameters that have shapes alone, to compare with a checkpoint.

    This takes no log and no folder, as a Runner does, and changes no random numbers.

    Returns:
        None where it cannot be built, or not like this: the Runner will tell why.
    """
    scope = DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmavssl'))
    try:
        with scope, torch.random.fork_rng(devices=[]):
            return build_shapes(deepcopy(cfg.model), MODELS)  # constructors may take keys out
    except Exception:  # of any kind, as constructors of plugins may need values
        return None


def build_runner(cfg: Config, runner_class: type[Runner] = ToolRunner) -> Runner:
    """Return the Runner of a config, as ``Runner.from_cfg`` does.

    Raises:
        ConfigError: whatever a component refuses; begins with the path of its key.
    """
    with named_errors(cfg):
        return runner_class.from_cfg(cfg)


def build_for_training(runner: Runner) -> None:
    """Build what `Runner.train` would build first, in its order; it then finds it built.

    Raises:
        ConfigError: see `build_runner`.
    """
    with named_errors(runner.cfg):
        runner._train_loop = runner.build_train_loop(runner._train_loop)
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        is_scaled = (runner.auto_scale_lr or {}).get('enable', False)  # before schedulers, later
        if runner.param_schedulers is not None and not is_scaled:
            runner.param_schedulers = runner.build_param_scheduler(runner.param_schedulers)
        if runner._val_loop is not None:
            runner._val_loop = runner.build_val_loop(runner._val_loop)


def build_for_testing(runner: Runner) -> None:
    """Build what `Runner.test` would build.

    Raises:
        ConfigError: see `build_runner`.
    """
    with named_errors(runner.cfg):
        runner._test_loop = runner.build_test_loop(runner._test_loop)


@contextmanager
def named_errors(cfg: Mapping) -> Iterator[None]:
    """Turn what is raised while a config is built into a `ConfigError` of one line.

    Args:
        cfg: all of the config.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, CLEAR) and not isinstance(error, ConfigError):
            raise
        if isinstance(error, OSError) and system_message(error):  # of no component
            raise
        path = place_of_error(cfg, error.__traceback__)
        message = ' '.join(str(error).split())
        if not isinstance(error, ConfigError):
            message = f'{type(error).__name__}: {message} ({where(error.__traceback__)})'
        begins = message.startswith(path) if path else True
        raise ConfigError(message if begins else f'{path}: {message}') from error


def place_of_error(cfg: Mapping, traceback: TracebackType | None) -> str:
    """Return the path of the component that was being built, or ''."""
    cfg = cfg._cfg_dict if isinstance(cfg, Config) else cfg
    frames = [frame for frame, _ in walk_tb(traceback)]
    builders = [frame for frame in frames if frame.f_code.co_name.startswith('build_')]
    for frame in reversed(builders):
        for name in LOCALS:
            value = frame.f_locals.get(name)
            if isinstance(value, Mapping):
                path = find_path(cfg, written(value))
                if path:
                    return path
    return next((KEYS[f.f_code.co_name] for f in reversed(frames) if f.f_code.co_name in KEYS), '')


def written(part: Mapping) -> dict[str, Any]:
    """Return what a config says, without the objects that MMEngine adds, as parameters."""
    return {k: v for k, v in part.items() if isinstance(v, PLAIN) and k != 'params'}


def find_path(value: Any, part: Mapping, path: str = '') -> str:
    """Return the path of the dict that has all items of ``part``, or ''.

    >>> find_path({'model': {'head': {'type': 'A', 'size': 1}}}, {'type': 'A'})
    'model.head'
    """
    if isinstance(value, Mapping):
        if path and part and all(key in value and same(value[key], part[key]) for key in part):
            return path
        children = ((f'{path}.{key}' if path else str(key), value[key]) for key in value)
    elif isinstance(value, list | tuple):
        children = ((f'{path}[{index}]', child) for index, child in enumerate(value))
    else:
        return ''
    return next((found for key, child in children if (found := find_path(child, part, key))), '')


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal; arrays and the like are not compared."""
    try:
        return one is other or bool(one == other)
    except (ValueError, RuntimeError):
        return False


def where(traceback: TracebackType | None) -> str:
    """Return file and line that raised."""
    frame, line = list(walk_tb(traceback))[-1]
    parts = frame.f_code.co_filename.split('/')
    return f'{"/".join(parts[-3:])}:{line}'
