import pytest
import torch
from torch import nn

from mmavssl.models.heads import ProjectionHead


def test_layers_of_ltg():
    """Linear, BatchNorm and ReLU twice, then Linear and a BatchNorm without scale."""
    head = ProjectionHead(512)
    kinds = [type(layer).__name__ for layer in head.layers]
    block = ['Linear', 'BatchNorm1d', 'ReLU']
    assert kinds == [*block, *block, 'Linear', 'BatchNorm1d']
    assert sum(p.numel() for p in head.parameters()) == 3 * 512 * 512 + 2 * 2 * 512
    out = head(torch.randn(16, 512))
    assert out.shape == (16, 512)
    torch.testing.assert_close(out.mean(dim=0), torch.zeros(512), atol=1e-5, rtol=0)


def test_without_norm_samples_do_not_see_each_other():
    head = ProjectionHead(6, 5, 4, num_layers=2, norm=False)
    assert [type(layer) for layer in head.layers] == [nn.Linear, nn.ReLU, nn.Linear]
    features = torch.randn(3, 6)
    first, _, last = head.layers
    expected = (features @ first.weight.T + first.bias).relu() @ last.weight.T + last.bias
    torch.testing.assert_close(head(features), expected)
    torch.testing.assert_close(head(features)[:1], head(features[:1]))


def test_errors():
    with pytest.raises(ValueError, match='`num_layers` to be at least 1, but got 0'):
        ProjectionHead(4, num_layers=0)
    with pytest.raises(ValueError, match='`out_channels` to be at least 1'):
        ProjectionHead(4, out_channels=0)
