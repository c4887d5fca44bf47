from types import SimpleNamespace

import pytest

from mmavssl.engine.hooks import LossWeightRampHook
from mmavssl.utils.errors import ConfigError


def runner(iteration=0, **weights):
    model = SimpleNamespace(loss_weights=weights)
    return SimpleNamespace(model=model, iter=iteration, max_iters=100)


def test_weight_grows_and_stays():
    hook, run = LossWeightRampHook('unsup', share=0.4), runner(unsup=50.0, mix=1.0)
    hook.before_train(run)
    seen = []
    for iteration in (0, 10, 39, 40, 99):
        run.iter = iteration
        hook.before_train_iter(run, iteration)
        seen.append(run.model.loss_weights['unsup'])
    assert seen == pytest.approx([0, 12.5, 48.75, 50, 50])
    assert run.model.loss_weights['mix'] == 1.0


def test_weight_follows_from_the_iteration_alone():
    """A resumed run builds its model anew, with the weight of the config."""
    hook, run = LossWeightRampHook(), runner(iteration=20, unsup=8.0)
    hook.before_train(run)
    hook.before_train_iter(run, 20)
    assert run.model.loss_weights['unsup'] == pytest.approx(4.0)


def test_errors():
    with pytest.raises(ConfigError, match=r"among the loss weights of SimpleNamespace, \['mix'\]"):
        LossWeightRampHook().before_train(runner(mix=1.0))
    with pytest.raises(ValueError, match='`share` to be at most 1'):
        LossWeightRampHook(share=1.5)
