"""Build what a config describes as tools/train.py and tools/test.py do, but no tensors."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from mmavssl.datasets.clip_check import check_clips
from mmavssl.engine.hooks.epoch_boundary import check_epochs
from mmavssl.utils.build_runner import (
    build_for_testing,
    build_for_training,
    build_runner,
    named_errors,
)
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.data_check import check_files
from mmavssl.utils.errors import CheckpointError, ConfigError, DataError, NumericalError

#: What keeps an object for each name of a Runner.
MANAGERS = (DefaultScope, MessageHub, MMLogger, Visualizer)
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

    def build_visualizer(self, visualizer: Any) -> Visualizer:
        """Build one that does not write the config: formatting it takes longer than the rest."""
        built = super().build_visualizer(visualizer)
        built.add_config = lambda config: None
        return built

    def dump_config(self) -> None:
        """Write nothing."""

    def get_hooks_info(self) -> str:
        """Return nothing: it is for the log."""
        return ''


def build(cfg: dict, file: Path) -> None:
    """Check and build all of a config.

    Args:
        cfg: the config.
        file: where it is written, to be read as the tools do.
    """
    file.write_text(json.dumps(cfg))
    config = load_config(str(file))
    check_config(config)
    check_files(config)
    if config.get('test_dataloader') is not None:
        check_files(config, training=False)
    present = [n for n in ('train_dataloader', 'val_dataloader', 'test_dataloader') if n in config]
    check_clips(config, present)
    runner = build_runner(config, DryRunner)
    with named_errors(config):
        check_epochs(runner)
    build_for_training(runner)
    if runner._test_loop is not None:
        build_for_testing(runner)


@contextmanager
def quiet() -> Iterator[None]:
    """Log nothing, and forget what a Runner leaves behind."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        for logger in MMLogger._instance_dict.values():
            for handler in list(logger.handlers):
                handler.close()
                logger.removeHandler(handler)
        for kind in MANAGERS:
            kind._instance_dict.clear()
