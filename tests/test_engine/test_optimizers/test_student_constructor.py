import pytest
import torch
from torch import nn

from mmavssl.registry import OPTIM_WRAPPER_CONSTRUCTORS


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.student = nn.Linear(2, 2)
        self.teacher = nn.Linear(2, 2).requires_grad_(False)


def build(model, **optimizer):
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='StudentOptimWrapperConstructor',
            optim_wrapper_cfg=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, **optimizer)
            ),
        )
    )
    return constructor(model)


def step(model, wrapper):
    wrapper.update_params(model.student(torch.ones(1, 2)).sum())


def test_only_the_student_is_optimized():
    model = Pair()
    [group] = build(model).optimizer.param_groups
    assert [id(p) for p in group['params']] == [id(p) for p in model.student.parameters()]


def test_model_without_a_student():
    with pytest.raises(ValueError, match='Expected a model with a `student`, but got Linear'):
        build(nn.Linear(1, 1))


@pytest.mark.parametrize(('saved', 'now'), [(True, False), (False, True), (None, True)])
def test_a_checkpoint_does_not_say_how_steps_are_computed(saved, now):
    """Fused steps fail on the divided parameters of FSDP, for one; the state is taken over."""
    model = Pair()
    old = build(model, fused=saved)
    step(model, old)
    new = build(model, fused=now)
    new.load_state_dict(old.state_dict())
    [group] = new.optimizer.param_groups
    assert group['fused'] is now
    before = model.student.weight.detach().clone()
    step(model, new)
    assert torch.allclose(before - model.student.weight, torch.full((2, 2), 0.19))  # 1 + 0.9
