import pytest
import torch

from mmavssl.models.losses import MixLoss
from mmavssl.models.losses.mix_loss import mix_targets
from mmavssl.models.thresholds import FixedThreshold
from mmavssl.registry import LOSSES


def inputs():
    generator = torch.Generator().manual_seed(0)
    probs = torch.tensor([[0.6, 0.3, 0.1], [0.4, 0.35, 0.25], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]])
    logits = torch.randn(4, 3, generator=generator).requires_grad_()
    return (
        logits,
        probs,
        FixedThreshold(0.5)(probs),
        torch.tensor([1, 2, 0, 3]),
        torch.tensor([0.25, 0.5, 1.0, 0.7]),
    )


def test_targets():
    _, probs, pseudo, partner, ratio = inputs()
    expected = torch.tensor(
        [
            [0.25 + 0.75 * 0.4, 0.75 * 0.35, 0.75 * 0.25],  # one-hot with soft
            [0.5 * 0.4, 0.5 * 0.35, 0.5 * 0.25 + 0.5],  # soft with one-hot
            [0.0, 0.0, 1.0],  # ratio 1
            [0.3, 0.4, 0.3],  # with itself
        ]
    )
    torch.testing.assert_close(mix_targets(probs, pseudo, partner, ratio), expected)


@pytest.mark.parametrize(
    ('gate', 'expected'),
    [('convex', [0.25, 0.5, 1.0, 0.0]), ('both', [0, 0, 1, 0]), ('none', [1, 1, 1, 1])],
)
def test_gates(gate, expected):
    _, _, pseudo, partner, ratio = inputs()
    assert pseudo.weight.tolist() == [1, 0, 1, 0]
    weight = MixLoss(gate=gate).mix_weights(pseudo.weight, partner, ratio)
    torch.testing.assert_close(weight, torch.tensor(expected, dtype=torch.float))


@pytest.mark.parametrize('kind', ['mse_logit', 'mse_prob', 'ce'])
def test_least_at_its_target(kind):
    target = torch.tensor([[0.7, 0.2, 0.1]])
    loss = MixLoss(kind)
    best = target if kind == 'mse_logit' else target.log()
    other = best + torch.tensor([[0.3, -0.3, 0.0]])
    assert loss.distance(best, target) < loss.distance(other, target)
    if kind != 'ce':
        torch.testing.assert_close(loss.distance(best, target), torch.zeros(1))


@pytest.mark.parametrize('kind', ['mse_logit', 'mse_prob', 'ce'])
@pytest.mark.parametrize('gate', ['convex', 'none', 'both'])
def test_gradient_reaches_logits_but_no_target(kind, gate):
    logits, probs, pseudo, partner, ratio = inputs()
    probs.requires_grad_()
    loss = LOSSES.build(dict(type='MixLoss', kind=kind, gate=gate))
    value = loss(logits, probs, pseudo, partner, ratio)
    assert value.shape == ()
    value.backward()
    assert probs.grad is None
    weight = loss.mix_weights(pseudo.weight, partner, ratio)
    assert torch.equal(logits.grad.abs().sum(dim=-1) > 0, weight > 0)


def test_errors():
    with pytest.raises(ValueError, match=r"`kind` to be one of .*, but got 'l1'"):
        MixLoss('l1')
    with pytest.raises(ValueError, match=r"`gate` to be one of .*, but got 'any'"):
        MixLoss(gate='any')
