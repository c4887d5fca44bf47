"""Build what a config describes as tools/train.py and tools/test.py do, but no tensors."""

from __future__ import annotations

import gc
import logging
from contextlib import contextmanager, suppress

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from mmavssl.datasets.clip_check import check_clips
from mmavssl.engine.hooks.epoch_boundary import check_epochs
from mmavssl.utils.build_runner import build_for_testing, build_for_training, build_runner
from mmavssl.utils.config_check import check_config
from mmavssl.utils.data_check import check_files
from mmavssl.utils.errors import CheckpointError, ConfigError, DataError, NumericalError

CLEAR = (ConfigError, DataError, CheckpointError, NumericalError)


class DryRunner(Runner):
    """A Runner whose networks have shapes and no values; it writes and logs nothing."""

    def build_model(self, model: dict) -> torch.nn.Module:
        """Build under ``meta``, which takes no memory and no time for random numbers."""
        with torch.device('meta'):
            return super().build_model(model)

    def wrap_model(self, wrapper: dict | None, model: torch.nn.Module) -> torch.nn.Module:
        """Leave it where it is."""
        return model

    def _log_env(self, env_cfg: dict) -> None:
        pass

    def dump_config(self) -> None:
        """Write nothing."""

    def get_hooks_info(self) -> str:
        """Return nothing: it is for the log."""
        return ''


def build(cfg: dict) -> None:
    """Check and build all of a config."""
    config = Config(cfg)
    check_config(config)
    check_files(config)
    if config.get('test_dataloader') is not None:
        check_files(config, training=False)
    present = [n for n in ('train_dataloader', 'val_dataloader', 'test_dataloader') if n in config]
    check_clips(config, present)
    runner = build_runner(config, DryRunner)
    check_epochs_of(runner)
    build_for_training(runner)
    if runner._test_loop is not None:
        build_for_testing(runner)


def check_epochs_of(runner: Runner) -> None:
    """Do what tools/train.py does before training."""
    from mmavssl.utils.build_runner import named_errors

    with named_errors(runner.cfg):
        check_epochs(runner)


@contextmanager
def quiet() -> None:
    """Log nothing, and forget what a Runner leaves behind."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        for logger in list(MMLogger._instance_dict.values()):
            for handler in list(logger.handlers):
                with suppress(Exception):
                    handler.close()
                logger.removeHandler(handler)
        gc.collect()


__all__ = ['CLEAR', 'DryRunner', 'Hook', 'build', 'quiet']
