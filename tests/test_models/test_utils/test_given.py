import pytest
import torch
from torch import nn

from mmavssl.models.utils import given
from mmavssl.models.utils.given import describe, may_read, misfit

CPU = torch.device('cpu')


@pytest.mark.parametrize(
    ('value', 'words'),
    [
        (None, 'None'),
        (0.5, 'a float'),
        ((torch.ones(1),), 'a tuple'),
        (torch.ones(2, 1), 'float32 (2, 1)'),
        (torch.tensor(True), 'bool ()'),
    ],
)
def test_words_for_a_value(value, words):
    assert describe(value) == words
    assert misfit(value, 'float', (2,), CPU) == words


@pytest.mark.parametrize(
    ('kind', 'fitting'),
    [
        ('float', (torch.float32, torch.bfloat16, torch.float64)),
        ('long', (torch.long,)),
        ('bool', (torch.bool,)),
    ],
)
def test_kinds(kind, fitting):
    every = torch.bool, torch.uint8, torch.int32, torch.long, torch.bfloat16, torch.float32
    for dtype in {*every, *fitting}:
        assert (misfit(torch.ones(2, dtype=dtype), kind, (2,), CPU) == '') == (dtype in fitting)


def test_other_device():
    assert misfit(torch.ones(2, device='meta'), 'float', (2,), CPU) == 'on meta'


def test_values_are_read_at_any_time_on_the_cpu_and_once_elsewhere(monkeypatch):
    component, value = nn.Identity(), torch.ones(1)
    assert [may_read(component, value) for _ in range(3)] == [True] * 3
    monkeypatch.setattr(given, 'is_far', lambda value: True)
    component = nn.Identity()
    assert [may_read(component, value) for _ in range(3)] == [True, False, False]
    assert not may_read(nn.Identity(), value.to('meta'))
