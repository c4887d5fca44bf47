"""Two ranks with a batch of B each, and one rank with 2 B: the same step by the same Runner."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import Mock

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, distributed, nn
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.distributed.tensor import DTensor

from mmavssl.registry import HOOKS
from tests.reliability.rank_data import FRAMES, SIDE, SOUND, make_loader
from tests.reliability.rank_draws import ShareStreams
from tests.reliability.rank_model import build_model, model_config

BATCH = 12  # clips of an iteration over all ranks
STEPS = 2
SGD = dict(type='SGD', lr=0.01, momentum=0.9)


class BareRunner(Runner):
    """A Runner without what takes longer than the steps: figures, and versions of compilers."""

    def build_visualizer(self, visualizer: Any) -> Mock:
        """Return what takes all calls."""
        return Mock()

    def _log_env(self, env_cfg: dict) -> None:
        pass


@HOOKS.register_module()
class RecordHook(Hook):
    """Keep what an iteration logs, the gradients of each step, masks, and what is sent.

    Args:
        record: where to.
    """

    priority = 'LOWEST'

    def __init__(self, record: dict) -> None:
        self.record = record
        record.update(logs=[], grads=[], masks=[], sent=[])

    def before_train(self, runner: Runner) -> None:
        """Watch optimizer, masker and reduction of gradients."""
        model = unwrap(runner.model)
        names = {id(value): name for name, value in model.student.named_parameters()}

        def look(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            self.record['grads'].append(
                {
                    names[id(p)]: whole(p.grad.clone())
                    for group in optimizer.param_groups
                    for p in group['params']
                }
            )

        runner.optim_wrapper.optimizer.register_step_pre_hook(look)
        if model.mixer is not None:
            model.mixer.masker.register_forward_hook(
                lambda _, __, result: self.record['masks'].append(result.mask.clone())
            )
        if isinstance(runner.model, nn.parallel.DistributedDataParallel):
            runner.model.register_comm_hook(None, self._reduce)

    def _reduce(self, group: Any, bucket: distributed.GradBucket) -> torch.futures.Future[Tensor]:
        self.record['sent'].append(len(self.record['logs']))  # number of the iteration
        return allreduce_hook(group, bucket)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Keep what the iteration logs."""
        self.record['logs'].append({name: value.item() for name, value in outputs.items()})

    def after_train(self, runner: Runner) -> None:
        """Keep the state that training ends with."""
        model = unwrap(runner.model)
        for name in ('student', 'teacher', 'threshold'):
            state = getattr(model, name).state_dict()
            self.record[name] = {key: whole(value) for key, value in state.items()}
        optimizer = runner.optim_wrapper.optimizer
        local = getattr(optimizer, 'optim', optimizer)  # of a rank, where they are divided
        self.record['state_size'] = own_size(
            [value for state in local.state.values() for value in state.values()]
        )
        self.record['predicted'] = predict(model)
        self.record['size'] = own_size([*model.student.parameters(), *model.teacher.parameters()])


@torch.no_grad()
def predict(model: nn.Module) -> Tensor:
    """Return the teacher's logits after training, as in validation; all ranks call it."""
    made = torch.Generator().manual_seed(5)
    dtype = next(model.teacher.parameters()).dtype
    video = torch.randn(1, 3, FRAMES, SIDE, SIDE, generator=made).to(dtype)
    sound = torch.randn(1, *SOUND, generator=made).to(dtype)
    return model.teacher(video, sound).logits


def whole(value: Tensor) -> Tensor:
    """Return a tensor of which each rank may have a part."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def own_size(values: list[Tensor]) -> int:
    """Return how many numbers of them this rank keeps."""
    return sum((v.to_local() if isinstance(v, DTensor) else v).numel() for v in values)


def unwrap(model: nn.Module) -> nn.Module:
    """Return the algorithm."""
    return model.module if is_model_wrapper(model) else model


@contextmanager
def built_runner(
    model: nn.Module,
    record: dict,
    batch: int,
    accumulate: int = 1,
    steps: int = STEPS,
    streams: ShareStreams | None = None,
    optimizer: dict = SGD,
    settings: dict | None = None,
    clip_grad: dict | None = None,
) -> Iterator[Runner]:
    """Build a Runner with the hooks of the shipped configs.

    Args:
        model: to train.
        record: what `RecordHook` fills.
        batch: clips of this rank.
        accumulate: iterations of an optimizer step.
        steps: optimizer steps.
        streams: what the shares of a batch draw from.
        optimizer: config of the optimizer.
        settings: top-level keys of the config.
        clip_grad: how the norm of the gradients is limited.
    """
    dtype = next(model.parameters()).dtype
    seed = dict(type='ShareStreamsHook', streams=streams) if streams else dict(type='StepSeedHook')
    several = get_world_size() > 1
    wrapper = dict(type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=[])
    with tempfile.TemporaryDirectory(prefix='rank_run_') as folder:
        yield BareRunner(
            model=model,
            work_dir=folder,
            train_dataloader=make_loader(batch, accumulate * steps, dtype),
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=1),
            optim_wrapper=dict(
                type='OptimWrapper',
                constructor='StudentOptimWrapperConstructor',
                optimizer=optimizer,
                accumulative_counts=accumulate,
                clip_grad=clip_grad,
            ),
            default_hooks=dict(
                step_seed=seed,
                epoch_boundary=dict(type='EpochBoundaryHook'),
                sharded_state=dict(type='ShardedStateHook'),
                checkpoint=None,
            ),
            custom_hooks=[
                dict(type='EMATeacherHook', momentum=0.25),
                dict(type='ThresholdUpdateHook', interval=1),
                RecordHook(record),
            ],
            launcher='pytorch' if several else 'none',
            cfg={'model_wrapper_cfg': wrapper if several else None, **(settings or {})},
            randomness=dict(seed=3),
            default_scope='mmavssl',
            experiment_name=f'ranks_{id(record)}',
            log_level='ERROR',
        )


def train(
    method: str,
    dtype: str = 'float64',
    accumulate: int = 1,
    shares: int = 1,
    of: str = 'ranks',
    batch: int = BATCH,
    steps: int = STEPS,
    drop: float = 0.0,
    optimizer: dict = SGD,
    settings: dict | None = None,
    clip_grad: dict | None = None,
    **changes: dict,
) -> dict:
    """Make some steps on this rank's share of the batch; return the record.

    Args:
        method: folder of the config.
        dtype: of the networks.
        accumulate: iterations of an optimizer step.
        shares: of a batch, each of which draws from its own stream, in one process.
        of: whose shares, ``ranks`` or ``iterations``.
        batch: clips of an iteration over all ranks.
        steps: optimizer steps.
        drop: rates of dropout and drop path.
        optimizer: config of the optimizer.
        settings: top-level keys of the config.
        clip_grad: how the norm of the gradients is limited.
        changes: parts of the algorithm that are others.
    """
    model = build_model(model_config(method, drop, **changes), getattr(torch, dtype))
    streams = ShareStreams(shares, of) if shares > 1 else None
    record: dict[str, Any] = {}
    share = batch // get_world_size()
    made = built_runner(
        model, record, share, accumulate, steps, streams, optimizer, settings, clip_grad
    )
    with made as runner, streams.replacing() if streams else nullcontext():
        runner.train()
    return record


def train_all(cases: dict[str, dict]) -> dict[str, dict]:
    """Return the records of all cases, arguments of `train`."""
    records = {}
    for name, case in cases.items():
        print(name, flush=True)
        records[name] = train(**case)
    return records


def mean_log(records: list[dict]) -> list[dict[str, float]]:
    """Return the mean over ranks of what each iteration logged."""
    return [
        {name: sum(log[name] for log in logs) / len(logs) for name in logs[0]}
        for logs in zip(*(record['logs'] for record in records), strict=True)
    ]


def largest_difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """Return the largest difference of two dicts of tensors, relative to the largest value."""
    assert one.keys() == other.keys()
    scale = max(float(value.abs().max()) for value in one.values())
    return max(float((one[name] - other[name]).abs().max()) for name in one) / scale
