import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from mmavssl.models.backbones import TSMResNet, tsm_resnet
from mmavssl.models.backbones.tsm_resnet import run_block, temporal_shift
from mmavssl.registry import BACKBONES
from mmavssl.utils import ConfigError

TOLERANCE = dict(atol=1e-5, rtol=1e-5)


def shift_by_loops(x, shift_div):
    out = torch.zeros_like(x)
    num_frames, channels = x.shape[1:3]
    fold = channels // shift_div
    for t in range(num_frames):
        if t + 1 < num_frames:
            out[:, t, :fold] = x[:, t + 1, :fold]
        if t > 0:
            out[:, t, fold : 2 * fold] = x[:, t - 1, fold : 2 * fold]
        out[:, t, 2 * fold :] = x[:, t, 2 * fold :]
    return out


def small(**kwargs):
    torch.manual_seed(0)
    return TSMResNet(**kwargs)


def reference(network, depth, num_frames, place):
    """Return torchvision's network with the same weights, which shifts in front of its layers."""
    resnet = getattr(torchvision.models, f'resnet{depth}')()
    resnet.load_state_dict({**resnet.state_dict(), **network.state_dict()})
    resnet.fc = nn.Identity()

    def shift(module, args):
        frames = args[0].unflatten(0, (-1, num_frames))
        return (shift_by_loops(frames, network.shift_div).flatten(0, 1),)

    for stage in (resnet.layer1, resnet.layer2, resnet.layer3, resnet.layer4):
        for block in stage:
            (block if place == 'block' else block.conv1).register_forward_pre_hook(shift)
    return resnet.train(network.training)


@pytest.mark.parametrize('num_frames', [1, 2, 4])
@pytest.mark.parametrize('shift_div', [2, 3, 8])
def test_shift_is_the_slow_one(num_frames, shift_div):
    x = torch.randn(2, num_frames, 8, 2, 3)
    assert temporal_shift(x, shift_div).equal(shift_by_loops(x, shift_div))


def test_gradient_of_the_shift_goes_back_the_way():
    x = torch.randn(1, 3, 8, 1, 1, requires_grad=True)
    temporal_shift(x, 4).sum().backward()
    grad = x.grad[0, :, :, 0, 0]
    assert grad[0, :2].eq(0).all()  # from t + 1: nobody wants the first frame's
    assert grad[2, 2:4].eq(0).all()  # from t - 1: nor the last one's
    assert grad.sum() == 24 - 4


@pytest.mark.parametrize('place', ['block', 'residual'])
@pytest.mark.parametrize('depth', [18, 50])
@torch.no_grad()
def test_equals_torchvision_with_shifted_inputs(depth, place):
    network = small(depth=depth, place=place, shift_div=4).eval()
    clip = torch.randn(2, 3, 3, 32, 32)
    frames = reference(network, depth, 3, place)(clip.transpose(1, 2).flatten(0, 1))
    torch.testing.assert_close(network(clip), frames.view(2, 3, -1).mean(dim=1), **TOLERANCE)


@torch.no_grad()
def test_without_shift_it_is_the_mean_of_torchvisions_frames(monkeypatch):
    network = small().eval()
    clip = torch.randn(2, 3, 3, 32, 32)
    resnet = torchvision.models.resnet18()
    resnet.load_state_dict({**resnet.state_dict(), **network.state_dict()})
    resnet.fc = nn.Identity()
    resnet.eval()
    expected = sum(resnet(clip[:, :, t]) for t in range(3)) / 3
    assert (network(clip) - expected).abs().max() > 1e-2
    monkeypatch.setattr(tsm_resnet, 'temporal_shift', lambda x, shift_div: x)
    torch.testing.assert_close(network(clip), expected, **TOLERANCE)


@torch.no_grad()
def test_time_matters():
    network = small().eval()
    clip = torch.randn(1, 3, 4, 32, 32)
    assert (network(clip) - network(clip.flip(2))).abs().max() > 1e-3


@torch.no_grad()
def test_places_differ_in_the_shortcut_alone():
    block = torchvision.models.resnet.BasicBlock(8, 8).eval()
    x, identity = torch.randn(2, 8, 4, 4), torch.randn(2, 8, 4, 4)
    torch.testing.assert_close(run_block(block, x, x), block(x.clone()), **TOLERANCE)
    nn.init.zeros_(block.bn2.weight)
    assert run_block(block, x, identity).equal(F.relu(identity))


@pytest.mark.parametrize('num_frames', [8, 4])  # TCL's fast and slow pathway
@torch.no_grad()
def test_reads_the_number_of_frames_from_its_input(num_frames):
    network = small().eval()
    clip = torch.randn(2, 3, num_frames, 32, 32)
    features = network.frame_features(clip)
    assert features.shape == (2, num_frames, 512)
    torch.testing.assert_close(network(clip), features.mean(dim=1), **TOLERANCE)


@torch.no_grad()
def test_samples_do_not_see_each_other():
    network = small().eval()
    clips = torch.randn(3, 3, 4, 32, 32)
    each = torch.cat([network(clip[None]) for clip in clips])
    torch.testing.assert_close(network(clips), each, **TOLERANCE)


def test_frame_dropout_is_drawn_per_frame_before_the_mean(monkeypatch):
    network = small(frame_dropout=0.5)
    monkeypatch.setattr(network, 'frame_features', lambda clip: torch.ones(1, 4, 512))
    feature = network(None)
    levels = feature.unique()
    assert levels.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]  # 0 to 4 of the frames, each times 2
    assert network.eval()(None).eq(1).all()


def test_mean_of_features_is_mean_of_logits_for_a_linear_head():
    features, head = torch.randn(2, 4, 512), nn.Linear(512, 5)
    expected = head(features).mean(dim=1)
    torch.testing.assert_close(head(features.mean(dim=1)), expected, **TOLERANCE)


@pytest.mark.parametrize('place', ['block', 'residual'])
def test_gradient_reaches_all_parameters(place):
    network = small(place=place, frame_dropout=0.0)
    network(torch.randn(2, 3, 4, 32, 32)).square().sum().backward()
    parameters = network.named_parameters()
    assert not [name for name, p in parameters if p.grad is None or not p.grad.any()]


@pytest.mark.parametrize(
    ('depth', 'dims', 'total'),
    [(18, 512, 11_176_512), (34, 512, 21_284_672), (50, 2048, 23_508_032)],
)
def test_sizes_and_names_are_torchvisions(depth, dims, total):
    with torch.device('meta'):
        network = TSMResNet(depth)
        resnet = getattr(torchvision.models, f'resnet{depth}')()
    assert sum(parameter.numel() for parameter in network.parameters()) == total
    assert network.embed_dims == dims
    names = [name for name in resnet.state_dict() if not name.startswith('fc.')]
    assert list(network.state_dict()) == names


def test_initial_values():
    network = small()
    conv = network.layer2[0].conv1.weight
    torch.testing.assert_close(conv.std().item(), (2 / (128 * 9)) ** 0.5, rtol=0.05, atol=0)
    assert network.layer4[1].bn2.weight.eq(1).all()


@pytest.mark.parametrize('parallel', [False, True])
def test_loads_weights_of_torchvision(tmp_path, parallel):
    weights = torchvision.models.resnet18().state_dict()
    prefix = 'module.' if parallel else ''
    torch.save({prefix + name: tensor for name, tensor in weights.items()}, tmp_path / 'x.pth')
    network = small(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'x.pth')))
    network.init_weights()
    for name, tensor in network.state_dict().items():
        assert tensor.equal(weights[name]), name


def test_counters_of_norms_may_be_missing_and_nothing_else(tmp_path):
    weights = {
        name: tensor
        for name, tensor in torchvision.models.resnet18().state_dict().items()
        if not name.endswith('num_batches_tracked')
    }
    file = tmp_path / 'x.pth'
    torch.save(weights, file)
    init_cfg = dict(type='Pretrained', checkpoint=str(file))
    network = small(init_cfg=init_cfg)
    network.init_weights()
    assert network.conv1.weight.equal(weights['conv1.weight'])
    del weights['layer3.0.bn1.bias']
    torch.save({**weights, 'layer9.weight': torch.zeros(1)}, file)
    with pytest.raises(ConfigError, match=r'unexpected: layer9.*missing: layer3\.0\.bn1\.bias'):
        small(init_cfg=init_cfg).init_weights()


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(depth=20), r'`depth` to be one of \(18, 34, 50\), but got 20'),
        (dict(place='inside'), r"`place` to be one of .*, but got 'inside'"),
        (dict(shift_div=1), '`shift_div` to be at least 2, but got 1'),
        (dict(shift_div=65), '`shift_div` to be at most 64, but got 65'),
        (dict(frame_dropout=1.5), '`frame_dropout` to be at most 1, but got 1.5'),
    ],
)
def test_errors(kwargs, message):
    with pytest.raises(ValueError, match=message):
        TSMResNet(**kwargs)


def test_builds_from_a_config():
    network = BACKBONES.build(dict(type='TSMResNet', depth=18, place='residual'))
    network.init_weights()
    assert network(torch.randn(1, 3, 2, 32, 32)).shape == (1, network.embed_dims)
