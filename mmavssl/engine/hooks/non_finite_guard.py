"""Skip optimizer steps whose numbers are not finite, and say which clips they came from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer

from mmavssl.datasets.batch_draws import draws_of_batch, video_path_of
from mmavssl.engine.runner_parts import algorithm_of, optim_wrappers
from mmavssl.registry import HOOKS
from mmavssl.structures.batch_record import BatchRecord
from mmavssl.utils.errors import NumericalError
from mmavssl.utils.ranges import check_range

COUNT = 'train/non_finite_steps'  # MMEngine logs what begins so
FOLDER = 'non_finite'


@HOOKS.register_module()
class NonFiniteGuardHook(Hook):
    """Skip what would make the weights NaN, count it, and give up when it goes on.

    Before a step, its losses and gradients are looked at; if one is not finite, on any rank, no
    parameter is touched. The clips of the batch are written to
    ``non_finite/iter_<n>_rank<r>.json`` in the work dir, which ``tools/analysis/replay_batch.py``
    runs once more. The number of skipped steps is in the log (``non_finite_steps``) and in
    checkpoints.

    Weights that are not finite are never saved, so that the last checkpoint is one from before.

    An fp16 loss scale skips the steps whose gradients overflow itself, which is how it finds its
    value: those are not counted unless a loss is not finite.

    Args:
        limit: skipped steps of a run that are let pass.

    Raises:
        ValueError: ``limit`` below 0.
    """

    priority = 'VERY_HIGH'

    def __init__(self, limit: int = 10) -> None:
        self.limit = check_range('limit', limit, 0)
        self._begin_step()

    def _begin_step(self) -> None:
        self.is_bad = self.has_looked = False
        #: Of the batches since the last optimizer step.
        self.losses: list[Tensor] = []
        self.records: list[Callable[[], BatchRecord]] = []

    def before_train(self, runner: Runner) -> None:
        """Look at losses and gradients before each step of each optimizer from now on."""
        algorithm_of(runner).register_forward_hook(self._keep_loss)
        for wrapper in optim_wrappers(runner):
            wrapper.optimizer.register_step_pre_hook(self._look)

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
        self.has_looked = True
        if params and not are_finite([*self.losses, *(param.grad for param in params)]):
            self.is_bad = True
            for param in params:
                param.grad = None  # a parameter without gradient is left as it is

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Note the batch; write those of a step that was skipped.

        Raises:
            NumericalError: one step more was skipped than the limit allows.
        """
        self.records.append(record_of(runner, batch_idx, outputs))
        if not runner.optim_wrapper.should_update():
            return
        skipped_by_scaler = not self.has_looked
        if self.is_bad or (skipped_by_scaler and not are_finite(self.losses)):
            self._skipped(runner)
        self._begin_step()

    def _skipped(self, runner: Runner) -> None:
        count = runner.message_hub.runtime_info.get(COUNT, 0) + 1
        runner.message_hub.update_info(COUNT, count)
        files = [make().write(Path(runner.work_dir, FOLDER)) for make in self.records]
        text = (
            f'Losses or gradients of iteration {runner.iter + 1} are not finite: its step is '
            f'skipped ({count} so far; NonFiniteGuardHook.limit is {self.limit}). '
            f'Its clips: {", ".join(map(str, files))}'
        )
        if count <= self.limit:
            runner.logger.warning(text)
            return
        last = runner.message_hub.runtime_info.get('last_ckpt')
        raise NumericalError(
            f'{text}. Training stops; the last checkpoint is {last or "none"}. '
            'tools/analysis/replay_batch.py shows where the numbers go wrong. Lower the learning '
            'rate, clip gradients (optim_wrapper.clip_grad), or take bad clips out of the list.'
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


def are_finite(values: list[Tensor]) -> bool:
    """Whether all numbers are finite, on all ranks; each may hold but a part of them (FSDP)."""
    parts = parts_of(values)
    largest = torch.stack([norm.float() for norm in torch._foreach_norm(parts, float('inf'))])
    bad = (~torch.isfinite(largest).all()).int()
    if get_world_size() > 1:
        all_reduce(bad, op='max')
    return not bad.item()


def parts_of(values: list[Tensor]) -> list[Tensor]:
    """Return what this process has of tensors: at least one number."""
    parts = [value.to_local() if isinstance(value, DTensor) else value for value in values]
    # Of a small parameter some processes have nothing.
    return [part for part in parts if part.numel()] or [torch.zeros(1, device=parts[0].device)]


def record_of(runner: Runner, number: int, outputs: Any) -> Callable[[], BatchRecord]:
    """Return what makes the record of a batch of this epoch, should it be needed.

    Args:
        runner: in the iteration of the batch.
        number: of the batch in the epoch.
        outputs: losses, which stay where they are until then.
    """
    iteration = runner.iter
    losses = {name: torch.as_tensor(value).detach() for name, value in (outputs or {}).items()}

    def make() -> BatchRecord:
        loader = runner.train_dataloader
        draws = draws_of_batch(loader, number)
        return BatchRecord(
            iter=iteration,
            epoch=runner.epoch,
            rank=get_rank(),
            seed=runner.seed,
            losses={name: float(value) for name, value in losses.items()},
            draws=draws,
            paths=[video_path_of(loader.dataset, draw) for draw in draws],
        )

    return make
