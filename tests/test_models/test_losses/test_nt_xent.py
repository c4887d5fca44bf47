import math

import pytest
import torch

from mmavssl.models.losses import NTXentLoss


def slow(first, second, temperature):
    """Loop over anchors as SimCLR's Eq. 1 does."""
    views = [row / row.norm() for row in (*first, *second)]
    size, total = len(first), 0.0
    for i, anchor in enumerate(views):
        positive = (i + size) % (2 * size)
        others = [k for k in range(2 * size) if k != i]
        terms = {k: math.exp(float(anchor @ views[k]) / temperature) for k in others}
        total -= math.log(terms[positive] / sum(terms.values()))
    return total / (2 * size)


def test_equals_a_slow_one():
    made = torch.Generator().manual_seed(0)
    first, second = (torch.randn(5, 7, generator=made, dtype=torch.double) for _ in range(2))
    for temperature in (0.1, 0.5):
        loss = NTXentLoss(temperature)(first, second)
        assert float(loss) == pytest.approx(slow(first, second, temperature), rel=1e-10)


def test_golden_value():
    """Of TCL's released code, whose contrast of clips is the same formula."""
    fast = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.6, 0.3, 0.1]])
    slow_ = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.2, 0.2, 0.6]])
    assert float(NTXentLoss(0.5)(fast, slow_)) == pytest.approx(1.48218, abs=1e-5)


def test_gradient_reaches_both_views():
    views = [torch.randn(4, 6, requires_grad=True) for _ in range(2)]
    NTXentLoss()(*views).backward()
    assert all((view.grad.abs().sum(dim=-1) > 0).all() for view in views)


def test_errors():
    with pytest.raises(ValueError, match='`temperature` to be positive, but got 0'):
        NTXentLoss(0)
