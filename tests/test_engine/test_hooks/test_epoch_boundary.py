from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import IterBasedTrainLoop

from mmavssl.engine.hooks import EpochBoundaryHook
from mmavssl.engine.hooks.epoch_boundary import check_epochs
from mmavssl.utils.errors import ConfigError

HOOKS = [
    dict(type='EpochBoundaryHook'),
    dict(type='StepSeedHook'),
    dict(type='EMATeacherHook', momentum=0.2),
    dict(type='PlainCheckpointHook'),
]


class Weights(Hook):
    """Keep a weight of the student and the gradient scale as they are after each iteration."""

    priority = 'VERY_LOW'

    def __init__(self):
        self.steps = []

    def before_train(self, runner):
        self.last = runner.model.student[1].weight.clone()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        now = runner.model.student[1].weight.clone()
        if not torch.equal(now, self.last):
            self.steps.append(runner.iter + 1)
        self.last = now


@pytest.mark.parametrize(
    ('accumulate', 'steps'),
    [(1, list(range(1, 11))), (2, [2, 4, 5, 7, 9, 10]), (3, [3, 5, 8, 10]), (8, [5, 10])],
)
def test_every_epoch_ends_with_a_step(build_runner, accumulate, steps):
    weights = Weights()
    runner = build_runner([*HOOKS, weights], epochs=2, accumulate=accumulate)
    runner.train()
    assert weights.steps == steps  # 5 iterations an epoch
    assert runner.model.teacher_steps == len(steps)


def test_the_rest_counts_as_much_as_a_full_step(build_runner):
    """Two of five iterations are left over after a step of three: their gradient is a mean."""
    runner = build_runner(HOOKS, accumulate=3)
    scales = []

    class Scales(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            scales.append(runner.optim_wrapper.scale_loss(torch.tensor(6.0)).item())

    runner.register_hook(Scales())
    runner.train()
    assert scales == [2, 2, 2, 3, 3]


def whole_and_resumed(build_runner, tmp_path, hooks, accumulate):
    """Weights after three epochs, and after the last two of them from the first checkpoint."""
    whole = build_runner(hooks, epochs=3, accumulate=accumulate, name='whole')
    whole.train()
    first = str(tmp_path / 'whole' / 'epoch_1.pth')
    resumed = build_runner(
        hooks, epochs=3, accumulate=accumulate, name='resumed', resume=True, load_from=first
    )
    resumed.train()
    return whole.model.state_dict(), resumed.model.state_dict()


@pytest.mark.parametrize('accumulate', [2, 3, 8])
def test_resuming_loses_no_gradient(build_runner, tmp_path, accumulate):
    whole, resumed = whole_and_resumed(build_runner, tmp_path, HOOKS, accumulate)
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name


def test_without_it_resuming_loses_gradients(build_runner, tmp_path):
    """What the hook is for: MMEngine alone accumulates across the end of an epoch."""
    whole, resumed = whole_and_resumed(build_runner, tmp_path, HOOKS[1:], 3)
    assert not torch.equal(whole['student.1.weight'], resumed['student.1.weight'])


def test_epoch_without_an_iteration_is_an_error(build_runner):
    runner = build_runner(HOOKS)
    loader = runner._train_dataloader
    loader.update(batch_size=11, drop_last=True)
    with pytest.raises(ConfigError, match=r'batch_size: 11 is more than the 10 clips'):
        runner.train()


def test_empty_epoch_is_found_before_schedulers_are_built(build_runner):
    """A scheduler that is converted to iterations fails on it with an AssertionError."""
    runner = build_runner(HOOKS)
    runner._train_dataloader.update(batch_size=11, drop_last=True)
    runner.param_schedulers = [
        dict(type='CosineAnnealingLR', T_max=1, by_epoch=True, convert_to_iter_based=True)
    ]
    with pytest.raises(ConfigError, match=r'batch_size: 11 is more than the 10 clips'):
        check_epochs(runner)


def test_each_of_several_optimizers_counts_anew():
    wrappers = OptimWrapperDict(
        a=OptimWrapper(torch.optim.SGD([torch.zeros(1)], 0.1), accumulative_counts=3),
        b=OptimWrapper(torch.optim.SGD([torch.zeros(1)], 0.1)),
    )
    for done in (0, 3):  # a run that goes on within an epoch has made some iterations of it
        runner = SimpleNamespace(
            optim_wrapper=wrappers, train_dataloader=range(5), epoch=2, iter=10 + done
        )
        wrappers['a']._inner_count = 2
        EpochBoundaryHook().before_train_epoch(runner)
        counts = [(w._inner_count, w._max_counts) for w in wrappers.values()]
        assert counts == [(done, 5), (done, 5)]


def test_loop_without_epochs_is_an_error(build_runner):
    runner = build_runner(HOOKS)
    runner._train_loop = dict(type='IterBasedTrainLoop', max_iters=4)
    with pytest.raises(ConfigError, match=r'IterBasedTrainLoop has no epochs.*epoch_over'):
        runner.train()
    assert isinstance(runner.train_loop, IterBasedTrainLoop)


@pytest.mark.parametrize(('accumulate', 'steps'), [(2, [2, 4, 7, 9]), (3, [3, 8]), (5, [5, 10])])
def test_remainder_is_thrown_away_on_demand(build_runner, accumulate, steps):
    """Also its gradients: the next epoch begins with none."""
    weights, leftovers = Weights(), []

    class Gradients(Hook):
        priority = 'VERY_LOW'

        def before_train_epoch(self, runner):
            leftovers.append([p.grad for p in runner.model.student.parameters()])

    hooks = [dict(type='EpochBoundaryHook', remainder='discard'), *HOOKS[1:], weights, Gradients()]
    runner = build_runner(hooks, epochs=2, accumulate=accumulate)
    runner.train()
    assert weights.steps == steps
    assert runner.model.teacher_steps == len(steps)
    assert all(grad is None or grad.abs().sum() == 0 for grad in leftovers[1])


def test_epoch_without_a_step_is_an_error(build_runner):
    hooks = [dict(type='EpochBoundaryHook', remainder='discard'), *HOOKS[1:]]
    runner = build_runner(hooks, accumulate=6)
    with pytest.raises(ConfigError, match=r'accumulative_counts: 6 .* an epoch has 5'):
        runner.train()
    with pytest.raises(ValueError, match=r"`remainder` .* got 'keep'"):
        EpochBoundaryHook(remainder='keep')
