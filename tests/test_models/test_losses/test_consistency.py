import math

import pytest
import torch

from mmavssl.models.losses import ConsistencyLoss, consistency_loss
from mmavssl.models.losses.consistency import sharpen
from mmavssl.models.thresholds import ThresholdResult

LOGITS = [[2.0, 0.0, 1.0], [0.0, 1.0, -1.0], [0.3, 0.2, 0.1]]
PROBS = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]]
WEIGHT = [1.0, 0.5, 0.0]


def softmax(row):
    powers = [math.exp(value) for value in row]
    return [power / sum(powers) for power in powers]


def sharpened(row, temperature):
    powers = [value ** (1 / temperature) for value in row]
    return [power / sum(powers) for power in powers]


def slow_loss(kind, temperature=1.0):
    """The definition, number by number."""
    total = 0.0
    for logits, probs, weight in zip(LOGITS, PROBS, WEIGHT, strict=True):
        mine, target = softmax(logits), sharpened(probs, temperature)
        if kind == 'hard':
            distance = -math.log(mine[probs.index(max(probs))])
        elif kind == 'soft':
            distance = -sum(t * math.log(m) for t, m in zip(target, mine, strict=True))
        else:
            distance = sum((t - m) ** 2 for t, m in zip(target, mine, strict=True)) / len(mine)
        total += weight * distance
    return total / len(LOGITS)


def of_kind(loss, logits):
    probs = torch.tensor(PROBS)
    conf, label = probs.max(dim=-1)
    return loss(logits, probs, ThresholdResult(torch.tensor(WEIGHT), label, conf, conf))


@pytest.mark.parametrize(
    ('kind', 'temperature'), [('hard', 1.0), ('soft', 1.0), ('soft', 0.4), ('mse', 1.0)]
)
def test_kinds_equal_their_definitions_and_have_a_gradient(kind, temperature):
    logits = torch.tensor(LOGITS, requires_grad=True)
    loss = of_kind(ConsistencyLoss(kind, temperature), logits)
    assert float(loss.detach()) == pytest.approx(slow_loss(kind, temperature), rel=1e-6)
    loss.backward()
    assert (logits.grad.abs().sum(dim=-1) > 0).tolist() == [True, True, False]


def test_sharpening():
    probs = torch.tensor([[0.8, 0.2]])
    torch.testing.assert_close(sharpen(probs, 0.5), torch.tensor([[0.64, 0.04]]) / 0.68)
    torch.testing.assert_close(sharpen(probs, 1.0), probs)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(kind='kl'), "`kind` to be one of .*'kl'"),
        (dict(kind='soft', temperature=0), '`temperature` to be positive'),
        (dict(temperature=0.5), "no `temperature` for kind 'hard'"),
    ],
)
def test_wrong_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        ConsistencyLoss(**kwargs)


def test_divides_by_the_batch_not_by_the_accepted():
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [5.0, 5.0], [1.0, 0.0]])
    label, weight = torch.tensor([0, 0, 1, 1]), torch.tensor([1.0, 0.0, 0.5, 0.0])
    expected = (math.log(1 + math.exp(-2)) + 0.5 * math.log(2)) / 4
    torch.testing.assert_close(float(consistency_loss(logits, label, weight)), expected)


def test_no_accepted_sample_gives_zero_loss_and_gradient():
    logits = torch.randn(3, 4, requires_grad=True)
    loss = consistency_loss(logits, torch.tensor([0, 1, 2]), torch.zeros(3))
    loss.backward()
    assert loss == 0
    assert logits.grad.eq(0).all()


def test_gradient_reaches_accepted_samples_only():
    logits = torch.randn(3, 4, requires_grad=True)
    consistency_loss(logits, torch.tensor([0, 1, 2]), torch.tensor([1.0, 0.0, 1.0])).backward()
    assert logits.grad[0].abs().sum() > 0
    assert logits.grad[1].eq(0).all()


def test_half_precision_logits_are_compared_in_float():
    logits = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).half()
    label = torch.tensor([0, 1, 2])
    assert consistency_loss(logits, label, torch.ones(3)).dtype == torch.float
