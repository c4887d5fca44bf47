import pytest
import torch

from mmavssl.models.thresholds.base import (
    BaseThreshold,
    check_share,
    class_histogram,
    select,
)


def test_select_in_loops():
    probs = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)).softmax(dim=-1)
    thresholds = torch.tensor([0.2, 0.4, 0.6, 0.8])
    result = select(probs, thresholds)
    for i, row in enumerate(probs.tolist()):
        label = row.index(max(row))
        assert result.label[i] == label
        assert result.conf[i] == max(row)
        assert result.thr[i] == thresholds[label]
        assert result.weight[i] == float(max(row) >= thresholds[label])
    assert 0 < result.weight.sum() < 50


def test_half_precision_is_compared_in_float():
    result = select(torch.tensor([[0.25, 0.75]]).half(), torch.tensor([0.5, 0.5]))
    assert result.conf.dtype == result.weight.dtype == torch.float


def test_class_histogram_equals_bincount():
    labels = torch.randint(7, (1000,), generator=torch.Generator().manual_seed(0))
    assert torch.equal(class_histogram(labels, 9), labels.bincount(minlength=9))


def test_base():
    assert BaseThreshold().log_vars() == {}
    BaseThreshold().setup(3, 2)
    BaseThreshold().update(torch.rand(2, 2))
    assert BaseThreshold().aux_loss(torch.rand(2, 2), torch.ones(2)) is None
    with pytest.raises(NotImplementedError, match='BaseThreshold must implement `forward`'):
        BaseThreshold()(torch.rand(2, 2))
    with pytest.raises(ValueError, match=r'`threshold` to be in \[0, 1\], but got 30'):
        check_share('threshold', 30)
