import torch

from mmavssl.models.losses import MixLoss
from mmavssl.models.losses.consistency import consistency_loss
from mmavssl.models.thresholds import ThresholdResult
from mmavssl.models.utils.precision import full_precision


def test_only_half_precision_is_changed():
    for kind in (torch.half, torch.bfloat16, torch.float32):
        assert full_precision(torch.zeros(2, dtype=kind)).dtype == torch.float32
    values = torch.full((2,), 1 / 3, dtype=torch.float64)
    assert full_precision(values) is values


def test_losses_of_a_float64_network_are_float64():
    logits, probs = torch.randn(4, 3).double(), torch.rand(4, 3).double()
    label, weight, order = torch.tensor([0, 1, 2, 0]), torch.ones(4), torch.arange(4)
    pseudo = ThresholdResult(weight, label, weight, weight)
    assert consistency_loss(logits, label, weight).dtype == torch.float64
    for kind in ('mse_logit', 'mse_prob', 'ce'):
        loss = MixLoss(kind)(logits, probs, pseudo, order, torch.rand(4))
        assert loss.dtype == torch.float64
