"""An iteration with all hooks reads nothing from the device, but where the log is shown."""

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch.utils._python_dispatch import TorchDispatchMode

from mmavssl.engine.hooks import non_finite_guard
from mmavssl.models.maskers import map_weights
from mmavssl.models.utils import given
from tests.reliability.rank_data import make_loader
from tests.reliability.rank_model import ROOT, build_model, model_config

ITERATIONS, SHOWN = 7, 3
HOOKS = Config.fromfile(ROOT / 'configs/_base_/default_runtime.py').default_hooks
#: What makes the host wait for a GPU: it needs a number, or how many there are.
WAITING = (
    torch.ops.aten._local_scalar_dense, torch.ops.aten.nonzero, torch.ops.aten.masked_select,
    torch.ops.aten.is_nonzero, torch.ops.aten._unique2, torch.ops.aten.bincount,
)  # fmt: skip


class Waits(TorchDispatchMode):
    """Note what of `WAITING` is called."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.overloadpacket in WAITING:
            self.found.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


@pytest.fixture
def waits(monkeypatch, tmp_path):
    """Return what trains a method and gives what waits in each iteration, by its number."""

    def run(method, **changes):
        found = {}
        model = build_model(model_config(method, **changes), torch.float32)
        loader = make_loader(12, ITERATIONS, torch.float32)
        hooks = {**HOOKS, 'logger': dict(type='LoggerHook', interval=SHOWN)}
        runner = Runner(
            model=model, work_dir=str(tmp_path), train_dataloader=loader,
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=1),
            optim_wrapper=dict(
                type='AutocastOptimWrapper', constructor='StudentOptimWrapperConstructor',
                optimizer=dict(type='SGD', lr=0.01, momentum=0.9, fused=True),
            ),
            param_scheduler=dict(type='MultiStepLR', milestones=[1]),
            default_hooks=hooks, custom_hooks=[
                dict(type='EMATeacherHook', momentum=0.25),
                dict(type='ThresholdUpdateHook', interval=SHOWN),
            ],
            default_scope='mmavssl', randomness=dict(seed=3), log_level='ERROR',
            experiment_name=f'waits_{method}_{len(str(changes))}',
        )  # fmt: skip
        iterate = runner.train_loop.run_iter

        def run_iter(index, batch):
            with Waits() as mode:
                iterate(index, batch)
            found[index] = mode.found

        monkeypatch.setattr(runner.train_loop, 'run_iter', run_iter)
        # as if the tensors were on a GPU
        for module in (non_finite_guard, map_weights, given):
            monkeypatch.setattr(module, 'is_far', lambda value: True)
        tolist = torch.Tensor.tolist
        monkeypatch.setattr(
            torch.Tensor, 'tolist', lambda self: (self.flatten()[:1].sum().item(), tolist(self))[1]
        )
        runner.train()
        return found

    return run


@pytest.mark.parametrize('method', ['svformer', 'svformer_flex', 'asl_mix'])
def test_an_iteration_waits_only_where_the_log_is_shown(waits, method):
    found = waits(method)
    shown = {number for number in range(ITERATIONS) if (number + 1) % SHOWN == 0}
    shown.add(ITERATIONS - 1)  # the end of the epoch
    shown.add(0)  # the optimizer has no state yet; maps that tell nothing are told of at once
    for number, ops in found.items():
        assert bool(ops) == (number in shown), (number, ops)


@pytest.mark.parametrize('threshold', ['FreeThreshold', 'SoftThreshold'])
def test_other_thresholds_wait_for_nothing(waits, threshold):
    found = waits('svformer', threshold=dict(type=threshold))
    assert [number for number, ops in found.items() if ops] == [0, 2, 5, 6]
