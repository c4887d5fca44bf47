import math

import pytest
import torch

from mmavssl.models.losses import FeatureAlignmentLoss

SHAPES = [(2, 3, 2, 2, 2), (2, 5, 1, 2, 2)]


def stages(seed):
    made = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=made).requires_grad_() for shape in SHAPES]


def slow(rgb, gradient, kind):
    total = 0.0
    for one, other in zip(rgb, gradient, strict=True):
        batch, channels, *places = one.shape
        distances = []
        for b in range(batch):
            for t in range(places[0]):
                for h in range(places[1]):
                    for w in range(places[2]):
                        x, y = (v[b, :, t, h, w].tolist() for v in (one, other))
                        if kind == 'cosine':
                            dot = sum(i * j for i, j in zip(x, y, strict=True))
                            distances.append(1 - dot / math.hypot(*x) / math.hypot(*y))
                        else:
                            power = 1 if kind == 'l1' else 2
                            sums = sum(abs(i - j) ** power for i, j in zip(x, y, strict=True))
                            distances.append(sums / channels)
        total += sum(distances) / len(distances)
    return total


@pytest.mark.parametrize('kind', ['cosine', 'l1', 'l2'])
def test_equals_a_slow_one(kind):
    rgb, gradient = stages(0), stages(1)
    loss = FeatureAlignmentLoss(kind)(rgb, gradient)
    assert float(loss.detach()) == pytest.approx(slow(rgb, gradient, kind), rel=1e-5)


@pytest.mark.parametrize('kind', ['cosine', 'l1', 'l2'])
@pytest.mark.parametrize('stop', ['gradient', 'rgb', 'none'])
def test_who_learns(kind, stop):
    rgb, gradient = stages(0), stages(1)
    FeatureAlignmentLoss(kind, stop)(rgb, gradient).backward()
    for name, features in (('rgb', rgb), ('gradient', gradient)):
        for stage in features:
            learns = stage.grad is not None and bool((stage.grad.abs().sum(dim=1) > 0).all())
            assert learns == (name != stop)


def test_equal_features_have_no_distance():
    for kind in ('cosine', 'l1', 'l2'):
        loss = FeatureAlignmentLoss(kind)(stages(0), stages(0))
        torch.testing.assert_close(loss.detach(), torch.zeros(()), atol=1e-6, rtol=0)


def test_dead_places_are_finite_behind_a_relu():
    inputs = (-torch.rand(1, 3, 1, 1, 1)).requires_grad_()
    loss = FeatureAlignmentLoss()([inputs.relu()], [torch.rand(1, 3, 1, 1, 1)])
    loss.backward()
    assert float(loss.detach()) == 1
    assert torch.equal(inputs.grad, torch.zeros_like(inputs))


def test_float32_under_autocast():
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = FeatureAlignmentLoss()([stages(0)[0].bfloat16()], [stages(1)[0]])
    assert loss.dtype == torch.float


def test_errors():
    with pytest.raises(ValueError, match=r"`kind` to be one of .* but got 'cos'"):
        FeatureAlignmentLoss('cos')
    with pytest.raises(ValueError, match=r"`stop` to be one of .* but got 'tg'"):
        FeatureAlignmentLoss(stop='tg')
    with pytest.raises(ValueError, match='equal shapes'):
        FeatureAlignmentLoss()(stages(0), stages(1)[:1])
