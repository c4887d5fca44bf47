"""What a Runner holds, without what wraps it, and moments of it that have no hook."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mmengine.hooks import LoggerHook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn


def algorithm_of(runner: Runner) -> nn.Module:
    """Return the model of a config, which several processes wrap (DDP, FSDP)."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def optim_wrappers(runner: Runner) -> list[OptimWrapper]:
    """Return the optimizer wrappers; MMEngine's dict of them passes nothing on."""
    wrapper = runner.optim_wrapper
    return list(wrapper.values()) if isinstance(wrapper, OptimWrapperDict) else [wrapper]


def is_shown(runner: Runner, batch_idx: int) -> bool:
    """Whether a `LoggerHook` shows the log after an iteration, or the epoch ends with it."""
    intervals = [hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)] or [1]
    done = batch_idx + 1
    return done == len(runner.train_dataloader) or any(done % each == 0 for each in intervals)


def before_saving(runner: Runner, call: Callable[[], None]) -> None:
    """Let all processes call a function before each checkpoint is put together.

    MMEngine's ``before_save_checkpoint`` is called in the first process alone, and when the log is
    already in the checkpoint.
    """
    save = runner.save_checkpoint

    @wraps(save)
    def call_and_save(*args: Any, **kwargs: Any) -> None:
        call()
        save(*args, **kwargs)

    runner.save_checkpoint = call_and_save
