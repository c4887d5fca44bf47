import copy

import pytest
import torch
from torch import nn

from mmavssl.models.utils.ema import copy_state, ema_update


def make_networks():
    torch.manual_seed(0)
    student = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2, bias=False))
    teacher = copy.deepcopy(student)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(torch.randn_like(parameter))
    student[1].running_mean.add_(1.0)
    student[1].num_batches_tracked.add_(5)
    return teacher, student


@pytest.mark.parametrize('momentum', [0.0, 0.01, 0.7, 1.0])
def test_update_number_by_number(momentum):
    teacher, student = make_networks()
    expected = []
    for old, new in zip(teacher.parameters(), student.parameters(), strict=True):
        pairs = zip(old.flatten().tolist(), new.flatten().tolist(), strict=True)
        expected.append([(1 - momentum) * t + momentum * s for t, s in pairs])
    followed = copy.deepcopy(student.state_dict())

    ema_update(teacher, student, momentum)
    for parameter, values in zip(teacher.parameters(), expected, strict=True):
        assert parameter.flatten().tolist() == pytest.approx(values, rel=1e-5, abs=1e-6)
    for target, source in zip(teacher.buffers(), student.buffers(), strict=True):
        assert torch.equal(target, source)
    for name, tensor in student.state_dict().items():
        assert torch.equal(tensor, followed[name])


def test_repeated_updates_decay_geometrically():
    teacher, student = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.ones_(teacher.weight)
    nn.init.zeros_(student.weight)
    for _ in range(50):
        ema_update(teacher, student, 0.01)
    assert teacher.weight.item() == pytest.approx(0.99**50, rel=1e-4)


def test_update_is_not_recorded_for_gradients():
    teacher, student = make_networks()
    ema_update(teacher, student, 0.5)
    assert all(parameter.grad_fn is None for parameter in teacher.parameters())


def test_copy_is_exact_and_independent():
    teacher, student = make_networks()
    copy_state(teacher, student)
    for name, tensor in teacher.state_dict().items():
        assert torch.equal(tensor, student.state_dict()[name])
    student[0].weight.data.zero_()
    assert teacher[0].weight.abs().sum() > 0


def test_momentum_out_of_range():
    teacher, student = make_networks()
    with pytest.raises(ValueError, match='momentum'):
        ema_update(teacher, student, 1.1)
