"""Gather what lies in several processes before a checkpoint is made."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import nn
from torch.distributed.tensor import DTensor

from mmavssl.engine.runner_parts import optim_wrappers
from mmavssl.parallel.sharded_model import ShardedDataParallel
from mmavssl.parallel.zero import ZeroRedundancyOptimizer
from mmavssl.registry import HOOKS


@HOOKS.register_module()
class ShardedStateHook(Hook):
    """Divide model and optimizer where the config says so, and gather them for checkpoints.

    The hooks that save call ``runner.save_checkpoint`` in all processes, but what is in it runs in
    the first one alone, and a state that is divided over them could not be gathered there.
    Checkpoints hold all of it, as without division, and can be loaded by any number of processes.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Divide what was loaded whole; from now on gather before each checkpoint."""
        wrappers = optim_wrappers(runner)
        is_sharded = isinstance(runner.model, ShardedDataParallel)
        if is_sharded:
            for wrapper in wrappers:
                runner.model.shard(wrapper.optimizer)
        if is_sharded or any(isinstance(w.optimizer, ZeroRedundancyOptimizer) for w in wrappers):
            runner.save_checkpoint = gathering(runner, runner.save_checkpoint)


def gathering(runner: Runner, save: Callable) -> Callable:
    """Return a function that gathers the state in all processes and then saves as ``save``."""

    @wraps(save)
    def gather_and_save(*args: Any, **kwargs: Any) -> None:
        with ExitStack() as stack:
            if isinstance(runner.model, ShardedDataParallel):
                stack.enter_context(gathered(runner.model.module))
            if kwargs.get('save_optimizer', True):
                for wrapper in optim_wrappers(runner):
                    stack.enter_context(gathered(wrapper))
            save(*args, **kwargs)

    return gather_and_save


@contextmanager
def gathered(owner: nn.Module | OptimWrapper) -> Iterator[None]:
    """Let ``owner.state_dict()`` return its whole state, gathered at the begin."""
    optimizer = getattr(owner, 'optimizer', None)
    if isinstance(optimizer, ZeroRedundancyOptimizer):
        optimizer.consolidate_state_dict()
        yield
        return
    state = whole(owner.state_dict())
    owner.state_dict = lambda: state
    try:
        yield
    finally:
        del owner.state_dict


def whole(value: Any) -> Any:
    """Return a state dict with whole tensors, in the memory of the first process's CPU.

    All processes must call it; the others get None in the place of what was divided.
    """
    if isinstance(value, DTensor):
        gathered = value.full_tensor()
        return gathered.cpu() if is_main_process() else None
    if isinstance(value, Mapping):
        result = type(value)((key, whole(item)) for key, item in value.items())
        if hasattr(value, '_metadata'):
            result._metadata = value._metadata
        return result
    if isinstance(value, list):
        return [whole(item) for item in value]
    return value
