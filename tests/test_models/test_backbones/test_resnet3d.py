import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.backbones import ResNet3d18
from mmavssl.registry import BACKBONES
from mmavssl.utils import ConfigError

TOLERANCE = dict(atol=1e-5, rtol=1e-5)


def small(**kwargs):
    torch.manual_seed(0)
    return ResNet3d18(**{'base_channels': 4, **kwargs})


def randomize_norms(network):
    """Give norms values and statistics of their own, so that nothing is hidden behind a 1."""
    for name, tensor in network.state_dict().items():
        if '.bn.' in name and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    return network


def plain_stages(weights, clip):
    """Return the stage features from the tensors alone, with LTG's numbers written out."""

    def conv_norm(x, name, stride, padding):
        x = F.conv3d(x, weights[f'{name}.conv.weight'], None, stride, padding)
        weight, bias, mean, var = (
            weights[f'{name}.bn.{part}'].view(1, -1, 1, 1, 1)
            for part in ('weight', 'bias', 'running_mean', 'running_var')
        )
        return (x - mean) / (var + 1e-3).sqrt() * weight + bias

    x = conv_norm(clip, 'conv1', (1, 2, 2), (1, 3, 3)).relu()
    x = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    features = []
    for stage, first_stride in ((1, 1), (2, 2), (3, 2), (4, 2)):
        for block in (0, 1):
            name = f'layer{stage}.{block}'
            stride = first_stride if block == 0 else 1
            identity = x
            if f'{name}.downsample.conv.weight' in weights:
                identity = conv_norm(x, f'{name}.downsample', stride, 0)
            x = conv_norm(x, f'{name}.conv1', stride, 1).relu()
            x = (conv_norm(x, f'{name}.conv2', 1, 1) + identity).relu()
        if stage == 1:
            x = F.max_pool3d(x, (2, 1, 1))
        features.append(x)
    return features


@torch.no_grad()
def test_equals_the_same_written_out():
    network = randomize_norms(small()).eval()
    clip = torch.randn(2, 3, 8, 48, 40)
    expected = plain_stages(network.state_dict(), clip)
    for stage, (ours, plain) in enumerate(zip(network.stages(clip), expected, strict=True), 1):
        scale = plain.std()
        torch.testing.assert_close(ours / scale, plain / scale, atol=1e-4, rtol=0, msg=str(stage))
    means = network.stages(clip)[-1].flatten(2).mean(dim=2)
    torch.testing.assert_close(network(clip), means, **TOLERANCE)


def test_published_size_and_feature_shapes():
    with torch.device('meta'):
        network = ResNet3d18()
        clip = torch.empty(2, 3, 8, 224, 224)
    assert sum(parameter.numel() for parameter in network.parameters()) == 33_166_272  # 33.17 M
    assert [tuple(feature.shape) for feature in network.stages(clip)] == [
        (2, 64, 4, 56, 56), (2, 128, 2, 28, 28), (2, 256, 1, 14, 14), (2, 512, 1, 7, 7),
    ]  # fmt: skip
    assert network(clip).shape == (2, network.embed_dims) == (2, 512)


def test_names_are_mmactions():
    with torch.device('meta'):
        names = list(ResNet3d18().state_dict())
    assert names[:2] == ['conv1.conv.weight', 'conv1.bn.weight']
    assert [name.removeprefix('layer2.0.') for name in names if name.startswith('layer2.0.')] == [
        f'{layer}.{tensor}'
        for layer in ('conv1', 'conv2', 'downsample')
        for tensor in (
            'conv.weight', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var',
            'bn.num_batches_tracked',
        )
    ]  # fmt: skip
    assert not any(name.startswith('layer1.0.downsample') for name in names)


def test_initial_values():
    network = small(base_channels=16)
    conv = network.layer3[0].conv2
    torch.testing.assert_close(
        conv.conv.weight.std().item(), (2 / (64 * 27)) ** 0.5, rtol=0.05, atol=0
    )
    assert conv.bn.weight.eq(1).all()  # the last norm of a block as well
    assert conv.bn.bias.eq(0).all()
    assert conv.bn.eps == 1e-3


def test_gradient_reaches_all_parameters():
    network = small()
    network(torch.randn(2, 3, 8, 32, 32)).square().sum().backward()
    parameters = network.named_parameters()
    assert not [name for name, p in parameters if p.grad is None or not p.grad.any()]


@torch.no_grad()
def test_samples_do_not_see_each_other():
    network = randomize_norms(small()).eval()
    clips = torch.randn(3, 3, 4, 32, 32)
    each = torch.cat([network(clip[None]) for clip in clips])
    torch.testing.assert_close(network(clips), each, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_time_matters():
    network = small().eval()
    clip = torch.randn(1, 3, 8, 32, 32)
    difference = (network(clip) - network(clip.flip(2))).abs().max()
    assert difference > 1e-2 * network(clip).std()


def test_loads_a_recognizer_of_mmaction(tmp_path):
    torch.manual_seed(1)
    weights = randomize_norms(ResNet3d18(4)).state_dict()
    recognizer = {f'backbone.{name}': tensor for name, tensor in weights.items()}
    recognizer['cls_head.fc_cls.weight'] = torch.zeros(5, 32)
    torch.save({'state_dict': recognizer}, tmp_path / 'x.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'x.pth'), prefix='backbone.')
    network = small(init_cfg=init_cfg)
    network.init_weights()
    for name, tensor in network.state_dict().items():
        assert tensor.equal(weights[name]), name
    with pytest.raises(ConfigError, match=r'does not fit ResNet3d18: .*of another shape: conv1'):
        small(base_channels=8, init_cfg=init_cfg).init_weights()


def test_errors():
    with pytest.raises(ValueError, match='`base_channels` to be at least 1, but got 0'):
        ResNet3d18(0)
    with pytest.raises(ValueError, match=r'at least 2 frames.* of \(1, 3, 1, 32, 32\)'):
        small()(torch.zeros(1, 3, 1, 32, 32))


def test_builds_from_a_config():
    network = BACKBONES.build(dict(type='ResNet3d18', base_channels=2))
    network.init_weights()
    assert network(torch.randn(2, 3, 2, 32, 32)).shape == (2, network.embed_dims) == (2, 16)
