"""Save and leave when the cluster asks for the machine."""

import os
import signal
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import distributed

from mmavssl.engine.hooks.safe_checkpoint import SafeCheckpointHook
from mmavssl.engine.loops.resumable_train_loop import LeaveValidation, ResumableTrainLoop
from mmavssl.registry import HOOKS
from mmavssl.utils.atomic_write import write_atomically
from mmavssl.utils.errors import ConfigError

SIGNALS = ('SIGTERM', 'SIGUSR1')
MARKER = 'preempted'
#: Exit status of a run that was asked to leave and can go on: "try again later" of sysexits.h.
LEFT = 75


def leave_if_asked_before_training(work_dir: str) -> None:
    """Answer signals until training begins, while nothing is there that could be saved.

    Args:
        work_dir: gets the file by which the run is queued again.
    """
    for name in SIGNALS:
        signal.signal(signal.Signals[name], partial(leave_at_once, work_dir))


def leave_at_once(work_dir: str, number: int, frame: FrameType | None) -> None:
    """Say that the run is to be queued again, and end this process."""
    Path(work_dir).mkdir(parents=True, exist_ok=True)
    Path(work_dir, MARKER).write_text('training had not begun\n')
    os._exit(LEFT)


@HOOKS.register_module()
class PreemptionHook(Hook):
    """Answer SIGTERM and SIGUSR1: finish the optimizer step, save, and leave training.

    Schedulers send them some time before they kill. `tools/train.py` then ends with status 75, and
    a file ``preempted`` in the work dir says so as well, by which `tools/slurm_train.sh` queues
    the run again; ``--resume`` goes on where it stopped. With several processes, one that was
    asked is enough: all of them agree after each iteration, and none leaves before the checkpoint
    is there. A validation is broken off, and made good by the run that goes on.

    A second signal while the first is being answered changes nothing.

    Args:
        signals: names of the signals.

    Raises:
        ConfigError: no such signal.
    """

    priority = 'LOWEST'

    def __init__(self, signals: Sequence[str] = SIGNALS) -> None:
        unknown = [name for name in signals if not hasattr(signal.Signals, name)]
        if unknown:
            raise ConfigError(
                f'Expected `signals` to be names like SIGTERM, but got {", ".join(unknown)}.'
            )
        self.signals = [signal.Signals[name] for name in signals]
        self.received: signal.Signals | None = None
        self.is_training = False
        self.replaced: dict[signal.Signals, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Listen from now on.

        Raises:
            ConfigError: another loop or checkpoint hook, which cannot do this.
        """
        self.checkpoint = next(
            (hook for hook in runner.hooks if isinstance(hook, SafeCheckpointHook)), None
        )
        if self.checkpoint is None or not isinstance(runner.train_loop, ResumableTrainLoop):
            raise ConfigError(
                "PreemptionHook needs default_hooks.checkpoint.type='SafeCheckpointHook' and "
                "train_cfg.type='ResumableTrainLoop'. Set them, or take the hook out."
            )
        if get_world_size() > 1:  # between CPUs: no process waits for its GPU
            self.group = distributed.new_group(backend='gloo')
        self.is_training = True
        if is_main_process():
            Path(runner.work_dir, MARKER).unlink(missing_ok=True)
        if threading.current_thread() is threading.main_thread():
            self.replaced = {each: signal.signal(each, self._note) for each in self.signals}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Save and leave, if any process was asked to and an optimizer step is complete."""
        if not runner.optim_wrapper.should_update() or not self._is_asked():
            return
        path = self.checkpoint.save_interim(runner, runner.iter + 1)
        self._leave(runner, path, f'after iteration {runner.iter + 1}')

    def before_val_epoch(self, runner: Runner) -> None:
        """Find out after which batches all processes can agree."""
        if self.is_training and get_world_size() > 1:
            length = torch.tensor(len(runner.val_dataloader))
            distributed.all_reduce(length, distributed.ReduceOp.MIN, group=self.group)
            self.common_batches = int(length)

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Break off the validation of a run that trains, if any process was asked to leave.

        Raises:
            LeaveValidation: the loop answers by `leave_validation`.
        """
        is_common = get_world_size() == 1 or batch_idx < getattr(self, 'common_batches', 0)
        if self.is_training and is_common and self._is_asked():
            raise LeaveValidation

    def leave_validation(self, runner: Runner) -> None:
        """Save as after the epoch, before its validation, and leave."""
        path = self.checkpoint.save_interim(runner, runner.iter)
        self._leave(runner, path, f'in the validation after epoch {runner.epoch}')

    def _leave(self, runner: Runner, path: str, when: str) -> None:
        name = self.received.name if self.received else 'a signal to another process'
        runner.logger.warning(
            f'Asked to leave by {name} {when}: saved {path}. --resume goes on from there.'
        )
        if is_main_process():
            write_atomically(Path(runner.work_dir, MARKER), f'{path}\n'.encode())
        if get_world_size() > 1:  # one that ends may have the others killed
            distributed.barrier(group=self.group)
        runner.train_loop.preempt()

    def after_train(self, runner: Runner) -> None:
        """Listen no more."""
        self.is_training = False
        for each, handler in self.replaced.items():
            is_early = isinstance(handler, partial) and handler.func is leave_at_once
            signal.signal(each, signal.SIG_DFL if is_early else handler)
        self.replaced = {}

    def _is_asked(self) -> bool:
        asked = self.received is not None
        if get_world_size() == 1:
            return asked
        flag = torch.tensor(int(asked))
        distributed.all_reduce(flag, distributed.ReduceOp.MAX, group=self.group)
        return bool(flag)
