"""Learning rate of each epoch and momentum of each step, as configs and papers say them."""

from pathlib import Path

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import PARAM_SCHEDULERS

from mmavssl.engine.hooks import EMATeacherHook
from mmavssl.registry import HOOKS
from mmavssl.utils.configs import load_config

CONFIGS = Path(__file__).parents[2] / 'configs'
#: Epochs, and of each rate the first epoch: x0.1 at 25/30 and x0.01 at 28/30 of SVFormer's 30.
SCHEDULES = {
    'svformer/faithful_ucf51_1shot.py': (30, {0: 5e-3, 25: 5e-4, 28: 5e-5}),
    'svformer/ucf51_1shot.py': (50, {0: 5e-3, 42: 5e-4, 47: 5e-5}),
    'svformer_flex/k400_1shot.py': (50, {0: 5e-3, 42: 5e-4, 47: 5e-5}),
    'asl_mix/ucf51_5shot.py': (50, {0: 5e-3, 42: 5e-4, 47: 5e-5}),
    'supervised/vggsound_1shot.py': (50, {0: 5e-3, 42: 5e-4, 47: 5e-5}),
}


@pytest.mark.parametrize('name', SCHEDULES)
def test_learning_rate_of_each_epoch(name):
    cfg = load_config(str(CONFIGS / name))
    epochs, rates = SCHEDULES[name]
    assert cfg.train_cfg.max_epochs == epochs
    settings = cfg.optim_wrapper.optimizer.to_dict()
    assert settings.pop('type') == 'SGD'
    assert settings['nesterov']
    assert settings['momentum'] == 0.9
    weight = torch.zeros(1, requires_grad=True)
    wrapper = OptimWrapper(torch.optim.SGD([weight], **settings))
    schedulers = [
        PARAM_SCHEDULERS.build(scheduler, default_args=dict(optimizer=wrapper))
        for scheduler in cfg.param_scheduler
    ]
    for epoch in range(epochs):
        expected = rates[max(start for start in rates if start <= epoch)]
        assert wrapper.get_lr()['lr'] == [pytest.approx(expected)], epoch
        wrapper.update_params(weight.sum())
        for scheduler in schedulers:
            scheduler.step()


@pytest.mark.parametrize('name', SCHEDULES)
def test_decay_of_the_teacher_is_the_papers(name):
    """0.99 at every step: the weight of the first student after k steps is 0.99 to the k."""
    cfg = load_config(str(CONFIGS / name))
    hooks = [hook for hook in cfg.get('custom_hooks', []) if hook.type == 'EMATeacherHook']
    if name.startswith('supervised'):
        assert not hooks
        return
    [hook] = map(HOOKS.build, hooks)
    share = 1.0
    for step in range(1, 201):
        hook.steps = step
        share *= 1 - hook.current_momentum()
        assert share == pytest.approx(0.99**step)


def test_decay_that_grows_to_its_limit():
    """Mean Teacher: min(1 - 1 / (step + 1), decay), step by step."""
    hook = EMATeacherHook(momentum=0.01, warmup=True)
    for step in range(1, 301):
        hook.steps = step
        assert 1 - hook.current_momentum() == pytest.approx(min(1 - 1 / (step + 1), 0.99))
