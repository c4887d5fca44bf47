import math

import torch

from mmavssl.models.heads import ClsHead
from mmavssl.registry import HEADS


def test_is_one_linear_layer_with_the_default_start():
    torch.manual_seed(0)
    head = HEADS.build(dict(type='ClsHead', in_channels=768, num_classes=51))
    assert sum(parameter.numel() for parameter in head.parameters()) == 769 * 51
    bound = 1 / math.sqrt(768)
    for parameter in head.parameters():
        assert 0.9 * bound < parameter.abs().max() <= bound  # uniform, not N(0, .02)
    feature = torch.randn(2, 768)
    expected = feature @ head.fc.weight.T + head.fc.bias
    torch.testing.assert_close(head(feature), expected)


def test_dropout_is_for_training():
    torch.manual_seed(0)
    head = ClsHead(64, 3, dropout=0.5)
    feature = torch.randn(2, 64)
    assert not head(feature).equal(head(feature))
    head.eval()
    torch.testing.assert_close(head(feature), head.fc(feature), atol=0, rtol=0)
