"""Skip optimizer steps whose numbers are not finite, and say which clips they came from."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from mmavssl.engine.batch_records import record_of
from mmavssl.engine.batch_statistics import KeptStatistics
from mmavssl.engine.finite import any_bad, skips_on_device
from mmavssl.engine.runner_parts import algorithm_of, before_saving, is_shown, optim_wrappers
from mmavssl.registry import HOOKS
from mmavssl.structures.batch_record import BatchRecord
from mmavssl.utils.device import is_far
from mmavssl.utils.errors import NumericalError
from mmavssl.utils.ranges import check_range

COUNT = 'train/non_finite_steps'  # MMEngine logs what begins so
FOLDER = 'non_finite'
TOTAL = 'loss'  # MMEngine's sum of the terms


class Step(NamedTuple):
    """An optimizer step: its last iteration, 1 where it was skipped, and its batches."""

    iter: int
    flag: Tensor
    records: list[Callable[[], BatchRecord]]


@HOOKS.register_module()
class NonFiniteGuardHook(Hook):
    """Skip what would make the weights NaN, count it, and give up when it goes on.

    Before a step, its losses and gradients are looked at; if one is not finite, on any rank, no
    parameter is touched. A fused optimizer skips the step itself: the host does not wait for the
    device, and tells of the step when the log is shown. The clips of the batch are written to
    ``non_finite/iter_<n>_rank<r>.json`` in the work dir, which ``tools/analysis/replay_batch.py``
    runs once more. The number of skipped steps is in the log (``non_finite_steps``) and in
    checkpoints.

    Weights that are not finite are never saved, so that the last checkpoint is one from before.

    An fp16 loss scale skips the steps whose gradients overflow itself, which is how it finds its
    value: those are not counted unless a loss is not finite. A scale below 1 ends the run.

    Args:
        limit: skipped steps of a run that are let pass.

    Raises:
        ValueError: ``limit`` below 0.
    """

    priority = 'VERY_HIGH'

    def __init__(self, limit: int = 10) -> None:
        self.limit = check_range('limit', limit, 0)
        self.unread: list[Step] = []
        self._begin_step()

    def _begin_step(self) -> None:
        self.statistics: KeptStatistics | None = None
        self.flags: list[Tensor] = []  # one per optimizer, 1 where its numbers are not finite
        #: Of the batches since the last optimizer step.
        self.losses: list[Tensor] = []
        self.records: list[Callable[[], BatchRecord]] = []

    def before_train(self, runner: Runner) -> None:
        """Look at losses and gradients before each step of each optimizer from now on."""
        model = algorithm_of(runner)
        model.register_forward_pre_hook(self._keep_statistics)
        model.register_forward_hook(self._keep_loss)
        for wrapper in optim_wrappers(runner):
            wrapper.optimizer.register_step_pre_hook(self._look)
        before_saving(runner, lambda: self._read(runner))

    def before_train_epoch(self, runner: Runner) -> None:
        """Forget iterations that an optimizer step has not come to (`EpochBoundaryHook`)."""
        self._begin_step()

    def _keep_statistics(self, model: BaseModel, args: tuple) -> None:
        if model.training and self.statistics is None:
            self.statistics = KeptStatistics(model)

    def _keep_loss(self, model: BaseModel, args: tuple, output: Any) -> None:
        if model.training and isinstance(output, dict):
            self.losses.append(model.parse_losses(output)[0].detach())

    def _look(self, optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        params = [
            param
            for group in optimizer.param_groups
            for param in group['params']
            if param.grad is not None
        ]
        overflow = getattr(optimizer, 'found_inf', None)  # a loss scale looks at gradients itself
        values = [*self.losses, *(param.grad for param in params if overflow is None)]
        if not values:
            return
        bad = any_bad(values)
        self.flags.append(bad)
        if skips_on_device(optimizer, params):
            optimizer.found_inf = bad if overflow is None else torch.maximum(overflow, bad)
            if overflow is None:
                once = optimizer.register_step_post_hook(lambda *_: forget(optimizer, once))
        elif bad.item() or (overflow is not None and overflow.item()):
            for param in params:
                param.grad = None  # a parameter without gradient is left as it is

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Note the batch; write those of steps that were skipped, where the log is shown.

        Raises:
            NumericalError: one step more was skipped than the limit allows.
        """
        self.records.append(record_of(runner, batch_idx, outputs))
        if runner.optim_wrapper.should_update():
            self._end_step(runner)
        is_near = bool(self.unread) and not is_far(self.unread[-1].flag)
        if is_near or is_shown(runner, batch_idx):
            self._read(runner)

    def _end_step(self, runner: Runner) -> None:
        if not self.flags and self.losses:  # a loss scale has skipped the step
            self.flags.append(any_bad(self.losses))
        if self.flags:
            bad = torch.stack(self.flags).max()
            self.unread.append(Step(runner.iter, bad, self.records))
            if self.statistics is not None:
                self.statistics.put_back_if(bad)
        self._begin_step()

    def _read(self, runner: Runner) -> None:
        """Find out, waiting for the device, which of the last steps were skipped."""
        steps, self.unread = self.unread, []
        flags = torch.stack([step.flag for step in steps]).tolist() if steps else []
        for step, flag in zip(steps, flags, strict=True):
            if flag:
                self._skipped(runner, step)
        for wrapper in optim_wrappers(runner):
            if hasattr(wrapper, 'loss_scaler') and wrapper.loss_scaler.get_scale() < 1:
                raise NumericalError(
                    f'Gradients of the last steps until iteration {runner.iter + 1} are not '
                    f'finite at any loss scale, which has fallen below 1. {self._advice(runner)}'
                )

    def _skipped(self, runner: Runner, step: Step) -> None:
        count = runner.message_hub.runtime_info.get(COUNT, 0) + 1
        runner.message_hub.update_info(COUNT, count)
        records = [make() for make in step.records]
        files = [record.write(Path(runner.work_dir, FOLDER)) for record in records]
        text = (
            f'Losses or gradients of iteration {step.iter + 1} are not finite: its step is '
            f'skipped ({count} so far; NonFiniteGuardHook.limit is {self.limit}). '
            f'{terms_of(records)} Its clips: {", ".join(map(str, files))}'
        )
        if count <= self.limit:
            runner.logger.warning(text)
            return
        raise NumericalError(f'{text}. {self._advice(runner)}')

    def _advice(self, runner: Runner) -> str:
        last = runner.message_hub.runtime_info.get('last_ckpt')
        return (
            f'Training stops; the last checkpoint is {last or "none"}. '
            'tools/analysis/replay_batch.py shows where the numbers go wrong. Where some losses '
            'are finite each time, look at the threshold, masker or loss that makes the others. '
            'Where all go wrong, lower the learning rate, clip gradients '
            '(optim_wrapper.clip_grad), or take bad clips out of the list.'
        )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse to save weights that are not finite.

        Raises:
            NumericalError: names the first of them.
        """
        for name, value in checkpoint['state_dict'].items():
            if value.is_floating_point() and not torch.isfinite(value).all():
                last = runner.message_hub.runtime_info.get('last_ckpt')
                raise NumericalError(
                    f'{name} is not finite after iteration {runner.iter}: no checkpoint is '
                    f'written over one that is good. The last one is {last or "none"}.'
                )


def terms_of(records: list[BatchRecord]) -> str:
    """Say which terms of the losses are not finite, and which are.

    Args:
        records: of the batches of a step.
    """
    values = [item for record in records for item in record.losses.items()]
    bad = {name: value for name, value in values if not math.isfinite(value)}
    if not bad:
        return 'All its losses are finite here: its gradients are not, or what another rank has.'
    if len(bad) > 1:
        bad.pop(TOTAL, None)
    finite = dict.fromkeys(name for name, _ in values if 'loss' in name and name not in bad)
    finite.pop(TOTAL, None)
    return (
        f'Not finite: {", ".join(f"{name} ({value})" for name, value in bad.items())}; finite: '
        f'{", ".join(finite) or "no loss"}.'
    )


def forget(optimizer: Optimizer, handle: RemovableHandle) -> None:
    """Take back what was said about one step."""
    del optimizer.found_inf
    handle.remove()
