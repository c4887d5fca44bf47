import pytest
import torch

from mmavssl.models.thresholds import FixedThreshold
from mmavssl.registry import THRESHOLDS


def test_weight_label_and_confidence():
    probs = torch.tensor([[0.2, 0.7, 0.1], [0.4, 0.35, 0.25], [0.1, 0.3, 0.6]])
    result = FixedThreshold(0.5)(probs)
    assert result.weight.tolist() == [1, 0, 1]
    assert result.label.tolist() == [1, 0, 2]
    torch.testing.assert_close(result.conf, torch.tensor([0.7, 0.4, 0.6]))
    torch.testing.assert_close(result.thr, torch.full((3,), 0.5))


@pytest.mark.parametrize('threshold', [0.1, 0.3, 0.7, 0.95, 1.0])
def test_equality_passes(threshold):
    probs = torch.tensor([[threshold, 0.0]])
    assert FixedThreshold(threshold)(probs).weight.item() == 1


def test_no_gradient_and_no_state():
    threshold = THRESHOLDS.build(dict(type='FixedThreshold'))
    result = threshold(torch.rand(4, 3, requires_grad=True), torch.arange(4))
    assert not any(field.requires_grad for field in result)
    assert not threshold.state_dict()
    assert (threshold.needs_index, threshold.update_first) == (False, False)
    with pytest.raises(ValueError, match=r'`threshold` to be in \[0, 1\], but got 1.5'):
        FixedThreshold(1.5)
