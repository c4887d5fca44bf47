import math

import torch

from mmavssl.models.losses import consistency_loss


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
