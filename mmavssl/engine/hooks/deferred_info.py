"""The log of losses, read from the device only when it is shown or saved."""

from typing import Any

import torch
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.runner import Runner
from torch import Tensor

from mmavssl.registry import HOOKS


@HOOKS.register_module()
class DeferredInfoHook(RuntimeInfoHook):
    """MMEngine's `RuntimeInfoHook`, but for when the numbers of an iteration reach the hub.

    MMEngine reads each loss after each iteration, and each time the host waits until the device
    has done all that it was told. Here they stay on the device, and those of several iterations
    are read at once: before `LoggerHook` shows them, at the end of an epoch, and before a
    checkpoint. The log is the same.
    """

    def before_train(self, runner: Runner) -> None:
        """Find out when the log is shown."""
        super().before_train(runner)
        self.pending: list[tuple[str, Any]] = []
        intervals = [hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)]
        self.interval = min(intervals, default=1)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Keep what the iteration gave; read all of it if it is about to be shown."""
        for name, value in (outputs or {}).items():
            kept = value.detach().clone() if isinstance(value, Tensor) else value
            self.pending.append((f'train/{name}', kept))
        if self.every_n_inner_iters(batch_idx, self.interval) or self.end_of_epoch(
            runner.train_dataloader, batch_idx
        ):
            self._read(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Bring the log of the checkpoint up to date."""
        if getattr(self, 'pending', None):
            self._read(runner)
            checkpoint['message_hub'] = runner.message_hub.state_dict()

    def _read(self, runner: Runner) -> None:
        pending, self.pending = self.pending, []
        for (name, _), value in zip(pending, numbers([v for _, v in pending]), strict=True):
            runner.message_hub.update_scalar(name, value)


def numbers(values: list) -> list:
    """Return values with those of tensors on a device as numbers, all read at once.

    >>> numbers([torch.tensor(0.5), 2, torch.tensor(0.25, dtype=torch.float64)])
    [0.5, 2, 0.25]
    """
    tensors = [value.double().flatten() for value in values if isinstance(value, Tensor)]
    read = iter(torch.cat(tensors).tolist() if tensors else [])
    return [next(read) if isinstance(value, Tensor) else value for value in values]
