import pytest
import torch
import torchvision
from torch import nn

from mmavssl.models.backbones import AudioResNet
from mmavssl.registry import BACKBONES
from mmavssl.utils import ConfigError

TOLERANCE = dict(atol=1e-5, rtol=1e-5)


def small(**kwargs):
    torch.manual_seed(0)
    return AudioResNet(**{'base_channels': 8, 'num_stages': 2, **kwargs})


def pretrained_cfg(path, **kwargs):
    return dict(type='Pretrained', checkpoint=str(path), **kwargs)


@pytest.fixture
def resnet_file(tmp_path):
    """Return torchvision's ResNet-18 and a file of it."""
    torch.manual_seed(1)
    resnet = torchvision.models.resnet18().eval()
    torch.save(resnet.state_dict(), tmp_path / 'resnet18.pth')
    return resnet, tmp_path / 'resnet18.pth'


@torch.no_grad()
def test_is_torchvisions_network_of_three_equal_channels(resnet_file):
    resnet, file = resnet_file
    network = AudioResNet(init_cfg=pretrained_cfg(file)).eval()
    network.init_weights()
    logmel = torch.randn(2, 50, 32)
    picture = logmel.transpose(1, 2)[:, None].expand(-1, 3, -1, -1)  # rows are mel bins
    resnet.fc = nn.Identity()
    torch.testing.assert_close(network(logmel), resnet(picture), **TOLERANCE)


def test_loads_one_of_ours_and_fewer_stages(tmp_path, resnet_file):
    ours = small().state_dict()
    torch.save(ours, tmp_path / 'ours.pth')
    network = small(init_cfg=pretrained_cfg(tmp_path / 'ours.pth'))
    nn.init.zeros_(network.trunk.conv1.weight)
    network.init_weights()
    assert network.trunk.conv1.weight.equal(ours['trunk.conv1.weight'])

    resnet, file = resnet_file
    with pytest.raises(ConfigError, match=r'does not fit AudioResNet: unexpected: trunk\.layer4'):
        AudioResNet(num_stages=3, init_cfg=pretrained_cfg(file)).init_weights()
    init_cfg = pretrained_cfg(file, allow=['trunk.layer4.*'])
    network = AudioResNet(num_stages=3, init_cfg=init_cfg)
    network.init_weights()
    assert network.trunk.layer3[1].conv2.weight.equal(resnet.layer3[1].conv2.weight)


def test_size():
    with torch.device('meta'):
        network = AudioResNet()
        logmel = torch.empty(2, 100, 128)
    total = 11_689_512 - (512 * 1000 + 1000) - 2 * 64 * 49  # torchvision's, fc, two channels
    assert sum(parameter.numel() for parameter in network.parameters()) == total
    assert network(logmel).shape == (2, network.embed_dims) == (2, 512)


@pytest.mark.parametrize(('num_stages', 'dims'), [(2, 16), (3, 32), (4, 64)])
def test_width(num_stages, dims):
    network = small(num_stages=num_stages)
    assert network(torch.randn(2, 20, 16)).shape == (2, network.embed_dims) == (2, dims)


@torch.no_grad()
def test_samples_do_not_see_each_other():
    network = small().eval()
    logmels = torch.randn(3, 40, 32)
    each = torch.cat([network(logmel[None]) for logmel in logmels])
    torch.testing.assert_close(network(logmels), each, **TOLERANCE)


def test_gradient_reaches_all_parameters():
    network = small()
    network(torch.randn(2, 40, 32)).square().sum().backward()
    parameters = network.named_parameters()
    assert not [name for name, p in parameters if p.grad is None or not p.grad.any()]


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(num_stages=5), '`num_stages` to be one of'),
        (dict(base_channels=0), '`base_channels` to be at least 1, but got 0'),
    ],
)
def test_errors(kwargs, message):
    with pytest.raises(ValueError, match=message):
        AudioResNet(**kwargs)


def test_builds_from_a_config():
    network = BACKBONES.build(dict(type='AudioResNet', base_channels=4, num_stages=3))
    network.init_weights()
    assert network(torch.randn(2, 30, 16)).shape == (2, 16)
