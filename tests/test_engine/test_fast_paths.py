"""What makes a step fast changes what it computes by no more than rounding."""

import pytest
import torch

from mmavssl.models.backbones import vit_layers
from mmavssl.registry import OPTIM_WRAPPERS
from tests.reliability.rank_data import make_loader
from tests.reliability.rank_model import build_model, model_config

METHODS = ('svformer', 'svformer_flex', 'asl_mix')
#: Of losses with bfloat16 against those with float32, relative to their sum (docs/performance.md).
BF16_BOUND = 0.02


def train(method, wrapper='OptimWrapper', fused=False, dtype=torch.float32):
    """Make three steps of a method; return what each logs."""
    model = build_model(model_config(method), dtype).train()
    model.threshold.setup(num_samples=14, num_classes=8)
    optimizer = torch.optim.SGD(model.student.parameters(), lr=0.01, momentum=0.9, fused=fused)
    wrapper = OPTIM_WRAPPERS.build(dict(type=wrapper, optimizer=optimizer))
    logs = []
    for number, batch in enumerate(make_loader(12, 3, dtype)):
        torch.manual_seed(number)
        log = model.train_step(batch, wrapper)
        model.update_teacher(0.25)
        logs.append({name: float(value.detach()) for name, value in log.items()})
    return logs


def largest_difference(logs, others):
    """Return the largest difference of a loss, relative to the sum of its step's losses."""
    return max(
        abs(one[name] - other[name]) / other['loss']
        for one, other in zip(logs, others, strict=True)
        for name in other
        if name.startswith('loss')
    )


@pytest.mark.parametrize('method', METHODS)
def test_bfloat16_stays_within_its_bound(method):
    plain, fast = train(method), train(method, 'AutocastOptimWrapper')
    assert 0 < largest_difference(fast, plain) < BF16_BOUND


@pytest.mark.parametrize('method', METHODS)
def test_all_else_is_equal_to_rounding(method, monkeypatch):
    """Fused attention and optimizer against plain ones, in float64."""
    plain = train(method, dtype=torch.float64)
    monkeypatch.setattr(vit_layers, 'CPU_SHORT_SEQUENCE', 0)
    fast = train(method, fused=True, dtype=torch.float64)
    for one, other in zip(fast, plain, strict=True):
        assert one == pytest.approx(other, rel=1e-9)
