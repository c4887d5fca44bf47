import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmavssl.utils.macs import count_all, count_by_module, shapes_only


class SmallNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 6, (3, 2), stride=2, padding=1, groups=2)
        self.bn = nn.BatchNorm2d(6)
        self.plain_bn = nn.BatchNorm2d(6, affine=False)
        self.pool = nn.AdaptiveAvgPool2d((2, 1))
        self.norm = nn.LayerNorm(12)
        self.fc = nn.Linear(12, 5)
        self.unused = nn.Linear(12, 5)

    def forward(self, x):
        x = F.relu(self.plain_bn(self.bn(self.conv(x))))
        return self.fc(self.fc.weight.new_ones(2, 12) + self.norm(self.pool(x).flatten(1)))


def slow_conv_products(size_out, channels_in, channels_out, kernel, groups):
    products = 0
    for _ in range(channels_out):
        for _ in range(size_out[0] * size_out[1]):
            products += channels_in // groups * kernel[0] * kernel[1]
    return products


@pytest.mark.parametrize('device', ['cpu', 'meta'])
def test_rules(device):
    network = SmallNet().to(device).eval()
    counts = count_by_module(network, torch.zeros(2, 4, 9, 7, device=device))
    # (9 + 2 - 3) // 2 + 1 = 5 rows, (7 + 2 - 2) // 2 + 1 = 4 columns
    assert counts == {
        'conv': 2 * slow_conv_products((5, 4), 4, 6, (3, 2), groups=2),
        'bn': 4 * 2 * 6 * 20,
        'plain_bn': 2 * 2 * 6 * 20,
        'pool': 2 * 6 * 2 * 1 * (5 // 2 * 4 + 1),
        'norm': 4 * 2 * 12,
        'fc': 2 * 12 * 5,
    }


def test_module_called_twice_counts_twice():
    layer = nn.Linear(3, 4)
    counts = count_by_module(nn.Sequential(layer, nn.Linear(4, 3), layer), torch.zeros(1, 3))
    assert counts == {'0': 24, '1': 12}


def test_hooks_are_removed_after_an_error():
    layer = nn.Linear(3, 4)
    with pytest.raises(RuntimeError):
        count_by_module(layer, torch.zeros(1, 2))
    assert not layer._forward_hooks


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24, bias=False)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None])


def test_full_count_includes_attention():
    network, x = Attention().to('meta'), torch.zeros(2, 5, 8, device='meta')
    assert count_by_module(network, x) == {'qkv': 2 * 5 * 8 * 24}
    assert count_all(network, x) == {'qkv': 2 * 5 * 8 * 24, '': 2 * 2 * 5 * 5 * 8}


def test_shapes_only():
    with shapes_only():
        network = SmallNet()
        network.unused.weight = network.fc.weight
    assert all(parameter.is_meta for parameter in network.parameters())
    assert network.unused.weight is network.fc.weight
    frozen = nn.Parameter(torch.zeros(2), requires_grad=False)
    with shapes_only():
        network.extra = frozen
    assert network.extra.is_meta
    assert not network.extra.requires_grad
    assert not SmallNet().fc.weight.is_meta


def test_encoder_layer_is_counted_in_eval_mode():
    """On the meta device torch's fused path, which calls no module, is never taken."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).to('meta').eval()
    with torch.no_grad():
        counts = count_by_module(layer, torch.zeros(1, 1, 8, device='meta'))
    assert counts == {'norm1': 32, 'linear1': 128, 'linear2': 128, 'norm2': 32}
