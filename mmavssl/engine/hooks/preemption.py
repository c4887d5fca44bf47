"""Save and leave when the cluster asks for the machine."""

import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from mmengine.dist import all_reduce, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.engine.hooks.safe_checkpoint import SafeCheckpointHook
from mmavssl.engine.loops import ResumableTrainLoop
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError

MARKER = 'preempted'


@HOOKS.register_module()
class PreemptionHook(Hook):
    """Answer SIGTERM and SIGUSR1: finish the optimizer step, save, and leave training.

    Schedulers send them some time before they kill. `tools/train.py` then ends with status 75, and
    a file ``preempted`` in the work dir says so as well, by which `tools/slurm_train.sh` queues
    the run again; ``--resume`` goes on where it stopped. With several processes, one that was
    asked is enough: all of them agree after each iteration.

    A second signal while the first is being answered changes nothing.

    Args:
        signals: names of the signals.

    Raises:
        ConfigError: no such signal.
    """

    priority = 'LOWEST'

    def __init__(self, signals: Sequence[str] = ('SIGTERM', 'SIGUSR1')) -> None:
        unknown = [name for name in signals if not hasattr(signal.Signals, name)]
        if unknown:
            raise ConfigError(
                f'Expected `signals` to be names like SIGTERM, but got {", ".join(unknown)}.'
            )
        self.signals = [signal.Signals[name] for name in signals]
        self.received: signal.Signals | None = None
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
        path = self.checkpoint.save_interim(runner)
        name = self.received.name if self.received else 'a signal to another process'
        runner.logger.warning(
            f'Asked to leave by {name} after iteration {runner.iter + 1}: saved {path}. '
            '--resume goes on from there.'
        )
        if is_main_process():
            Path(runner.work_dir, MARKER).write_text(f'{path}\n')
        runner.train_loop.preempt()

    def after_train(self, runner: Runner) -> None:
        """Listen no more."""
        for each, handler in self.replaced.items():
            signal.signal(each, handler)
        self.replaced = {}

    def _is_asked(self) -> bool:
        asked = self.received is not None
        if get_world_size() == 1:
            return asked
        flag = torch.tensor(int(asked))
        all_reduce(flag, op='max')
        return bool(flag)
