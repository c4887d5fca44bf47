import math

import pytest
import torch
from torch import nn

from mmavssl.models.losses import GroupContrastiveLoss, InstanceContrastiveLoss

# Made by the released code.
FAST = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.6, 0.3, 0.1]]
SLOW = [[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.2, 0.2, 0.6]]


def cosine(u, v):
    return sum(a * b for a, b in zip(u, v, strict=True)) / (math.hypot(*u) * math.hypot(*v))


def slow_nce(one, other, temperature):
    """The definition, anchor by anchor."""
    terms = []
    for mine, theirs in ((one, other), (other, one)):
        for i, anchor in enumerate(mine):
            positive = math.exp(cosine(anchor, theirs[i]) / temperature)
            negatives = sum(
                math.exp(cosine(anchor, row) / temperature)
                for rows in (mine, theirs)
                for k, row in enumerate(rows)
                if k != i
            )
            terms.append(-math.log(positive / (positive + negatives)))
    return sum(terms) / len(terms) if terms else 0.0


def slow_groups(rows):
    members = {}
    for row in rows:
        members.setdefault(row.index(max(row)), []).append(row)
    return {
        label: [sum(column) / len(group) for column in zip(*group, strict=True)]
        for label, group in members.items()
    }


def slow_group_nce(fast, slow, temperature):
    one, other = slow_groups(fast), slow_groups(slow)
    common = sorted(set(one) & set(other))
    return slow_nce([one[c] for c in common], [other[c] for c in common], temperature)


def draw(seed, clips=7, classes=4):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, clips, classes, generator=generator, dtype=torch.float64)
    return logits.softmax(dim=-1)


def test_numbers_of_the_released_code():
    fast, slow = torch.tensor(FAST), torch.tensor(SLOW)
    assert float(InstanceContrastiveLoss()(fast, slow)) == pytest.approx(1.48218, abs=1e-5)
    assert float(GroupContrastiveLoss()(fast, slow)) == pytest.approx(0.74498, abs=1e-5)


@pytest.mark.parametrize('seed', range(5))
def test_equal_loops(seed):
    fast, slow = draw(seed)
    rows = fast.tolist(), slow.tolist()
    instance, group = InstanceContrastiveLoss(0.3), GroupContrastiveLoss(0.3)
    assert float(instance(fast, slow)) == pytest.approx(slow_nce(*rows, 0.3), rel=1e-9)
    assert float(group(fast, slow)) == pytest.approx(slow_group_nce(*rows, 0.3), rel=1e-9)


@pytest.mark.parametrize('loss', [InstanceContrastiveLoss, GroupContrastiveLoss])
def test_gradient_is_finite_and_not_zero(loss: type[nn.Module]):
    fast, slow = draw(0)
    slow.requires_grad_()
    loss()(fast, slow).backward()
    assert slow.grad.isfinite().all()
    assert slow.grad.abs().sum() > 0


@pytest.mark.parametrize('fast', [[[0.9, 0.1], [0.8, 0.2]], [[0.2, 0.8], [0.3, 0.7]]])
def test_one_common_class_or_none_gives_no_group_loss_and_no_gradient(fast):
    slow = torch.tensor([[0.6, 0.4], [0.7, 0.3]], requires_grad=True)
    loss = GroupContrastiveLoss()(torch.tensor(fast), slow)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0, abs=1e-6)
    assert slow.grad.abs().max() < 1e-6


def test_temperature_is_positive():
    with pytest.raises(ValueError, match='`temperature` to be positive'):
        InstanceContrastiveLoss(0)
