import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mmavssl.engine.hooks import StepSeedHook, step_seed
from mmavssl.utils.random import stable_seed


def draws():
    return torch.rand(3).tolist(), np.random.rand(), random.random()


def draws_of(seed, iteration, **kwargs):
    StepSeedHook(**kwargs).before_train_iter(SimpleNamespace(seed=seed, iter=iteration), 0)
    return draws()


def test_draws_follow_from_seed_iteration_and_rank(monkeypatch):
    first = draws_of(0, 5)
    draws()
    assert draws_of(0, 5) == first
    others = [draws_of(0, 6), draws_of(1, 5)]
    monkeypatch.setattr(step_seed, 'get_rank', lambda: 1)
    others.append(draws_of(0, 5))
    for other in others:
        assert all(a != b for a, b in zip(first, other, strict=True))


def test_resumed_run_repeats_the_draws(build_runner):
    hooks = [dict(type='StepSeedHook'), dict(type='PlainCheckpointHook')]
    whole = build_runner(hooks, epochs=3, name='whole')
    whole.train()
    build_runner(hooks, epochs=2, name='parts').train()
    resumed = build_runner(hooks, epochs=3, name='parts', resume=True)
    torch.rand(11)  # whatever happens in between does not matter
    resumed.train()
    assert len(set(whole.model.draws)) == 15
    assert resumed.model.draws == whole.model.draws[10:]


def test_runs_before_all_other_hooks(build_runner):
    runner = build_runner([dict(type='EMATeacherHook'), dict(type='StepSeedHook')])
    assert isinstance(runner.hooks[0], StepSeedHook)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
def test_gpu_generator():
    torch.zeros(1, device='cuda')
    values = []
    for _ in range(2):
        draws_of(0, 5)
        values.append(torch.rand(3, device='cuda').tolist())
    assert values[0] == values[1]


def test_ranks_can_draw_the_same(monkeypatch):
    monkeypatch.setattr(step_seed, 'get_rank', lambda: 3)
    assert draws_of(0, 5, diff_rank=False) != draws_of(0, 5)
    third = draws_of(0, 5, diff_rank=False)
    monkeypatch.setattr(step_seed, 'get_rank', lambda: 0)
    assert third == draws_of(0, 5, diff_rank=False) == draws_of(0, 5)


@pytest.mark.parametrize(('diff_rank', 'rank'), [(True, 3), (False, 0)])
def test_seed_of_the_iteration_is_kept(monkeypatch, diff_rank, rank):
    monkeypatch.setattr(step_seed, 'get_rank', lambda: 3)
    hook = StepSeedHook(diff_rank)
    hook.before_train_iter(SimpleNamespace(seed=7, iter=5), 0)
    drawn = draws()
    assert hook.seed == stable_seed(7, 5, rank)
    step_seed.seed_generators(hook.seed)
    assert draws() == drawn
