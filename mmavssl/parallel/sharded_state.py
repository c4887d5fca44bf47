"""Gather what lies in several processes before a checkpoint is made."""

from functools import wraps
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.engine.hooks.epoch_boundary import optim_wrappers
from mmavssl.parallel.zero import ZeroRedundancyOptimizer
from mmavssl.registry import HOOKS


@HOOKS.register_module()
class ShardedStateHook(Hook):
    """Let all processes take part in making a checkpoint, as far as they have a part of it.

    The hooks that save call ``runner.save_checkpoint`` in all processes, but what is in it runs in
    the first one alone, and a state that is divided over them could not be gathered there.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Gather the optimizers' state at the begin of each ``runner.save_checkpoint``."""
        save = runner.save_checkpoint

        @wraps(save)
        def gather_and_save(*args: Any, **kwargs: Any) -> None:
            if kwargs.get('save_optimizer', True):
                for wrapper in optim_wrappers(runner):
                    if isinstance(wrapper.optimizer, ZeroRedundancyOptimizer):
                        wrapper.optimizer.consolidate_state_dict()
            save(*args, **kwargs)

        runner.save_checkpoint = gather_and_save
