"""The log of losses, read from the device only when it is shown or saved."""

from typing import Any

import torch
from mmengine.hooks import RuntimeInfoHook
from mmengine.runner import Runner
from torch import Tensor

from mmavssl.engine.runner_parts import before_saving, is_shown
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
        """Begin without numbers; read what is there before each checkpoint."""
        super().before_train(runner)
        self.pending: list[tuple[str, Any]] = []
        before_saving(runner, lambda: self._read(runner))

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Keep what the iteration gave; read all of it if it is about to be shown."""
        for name, value in (outputs or {}).items():
            kept = value.detach().clone() if isinstance(value, Tensor) else value
            self.pending.append((f'train/{name}', kept))
        if is_shown(runner, batch_idx):
            self._read(runner)

    def _read(self, runner: Runner) -> None:
        pending, self.pending = self.pending, []
        for (name, _), value in zip(pending, numbers([v for _, v in pending]), strict=True):
            runner.message_hub.update_scalar(name, value)


def numbers(values: list) -> list:
    """Return values with tensors as numbers; those of a device are read at once.

    Args:
        values: numbers, and tensors of one element.

    >>> numbers([torch.tensor(0.5), 2, torch.tensor([0.25], dtype=torch.float64)])
    [0.5, 2, 0.25]
    """
    by_device: dict[torch.device, list[Tensor]] = {}
    for value in values:
        if isinstance(value, Tensor):
            by_device.setdefault(value.device, []).append(value.double().reshape(()))
    read = {device: iter(torch.stack(each).tolist()) for device, each in by_device.items()}
    return [next(read[value.device]) if isinstance(value, Tensor) else value for value in values]
