import pytest
import timm
import torch
from torch import nn

from mmavssl.models.backbones import TimmFrameEncoder
from mmavssl.models.backbones.timm_encoder import names_in_cfg
from mmavssl.registry import BACKBONES
from mmavssl.utils import ConfigError

TOLERANCE = dict(atol=1e-5, rtol=1e-5)
SMALL_VIT = dict(img_size=32, patch_size=16, embed_dim=24, depth=1, num_heads=3)


def small(**kwargs):
    torch.manual_seed(0)
    return TimmFrameEncoder('resnet10t', **kwargs)


def small_vit(**kwargs):
    return TimmFrameEncoder('vit_tiny_patch16_224', timm_args=SMALL_VIT, **kwargs)


def pretrained_cfg(path, **kwargs):
    return dict(type='Pretrained', checkpoint=str(path), **kwargs)


@pytest.mark.parametrize('make', [small, small_vit])
@torch.no_grad()
def test_is_the_mean_of_the_frames_on_their_own(make):
    encoder = make().eval()
    clip = torch.randn(2, 3, 3, 32, 32)
    expected = sum(encoder.network(clip[:, :, t]) for t in range(3)) / 3
    assert expected.shape == (2, encoder.embed_dims)
    torch.testing.assert_close(encoder(clip), expected, **TOLERANCE)
    torch.testing.assert_close(encoder(clip.flip(2)), expected, **TOLERANCE)


@torch.no_grad()
def test_samples_do_not_see_each_other():
    encoder = small().eval()
    clips = torch.randn(3, 3, 2, 32, 32)
    each = torch.cat([encoder(clip[None]) for clip in clips])
    torch.testing.assert_close(encoder(clips), each, **TOLERANCE)


def test_gradient_reaches_all_parameters():
    encoder = small(timm_args=dict(zero_init_last=False))  # else the last norms are 0 at first
    encoder(torch.randn(2, 3, 2, 64, 64)).square().sum().backward()
    parameters = encoder.named_parameters()
    assert not [name for name, p in parameters if p.grad is None or not p.grad.any()]


@pytest.mark.parametrize(
    ('name', 'dims'),
    [
        ('resnet18', 512),
        ('mobilenetv3_small_050', 1024),  # wider after the pooling than before
        ('efficientnet_b0', 1280),
        ('convnext_atto', 320),
        ('vit_tiny_patch16_224', 192),
    ],
)
def test_width_is_that_of_the_feature(name, dims):
    with torch.device('meta'):
        encoder = TimmFrameEncoder(name)
        assert encoder.embed_dims == dims
        assert encoder(torch.empty(1, 3, 2, 224, 224)).shape == (1, dims)


def norms(encoder):
    return [module for module in encoder.modules() if isinstance(module, nn.BatchNorm2d)]


def test_frozen_encoder_stays_as_it_is():
    encoder = small(frozen=True)
    assert not encoder.network.training  # from the start
    head = nn.Linear(encoder.embed_dims, 2)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    for mode in (True, False, True):
        encoder.train(mode)
        assert encoder.training == mode
        assert not any(module.training for module in encoder.network.modules())
    feature = encoder(torch.randn(2, 3, 2, 32, 32))
    assert not feature.requires_grad
    head(feature).sum().backward()
    assert head.weight.grad is not None
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    for name, tensor in encoder.state_dict().items():
        assert tensor.equal(before[name]), name  # statistics of norms as well


def test_frozen_encoder_stays_in_eval_mode_inside_of_a_model():
    model = nn.Sequential(small(frozen=True), nn.Linear(512, 2)).train()
    assert model[0].training
    assert not any(norm.training for norm in norms(model[0]))


def test_norm_eval_keeps_statistics_and_trains_weights():
    encoder = small(norm_eval=True)
    assert len(norms(encoder)) > 5
    encoder.train()
    assert encoder.network.training
    assert not any(norm.training for norm in norms(encoder))
    before = [norm.running_mean.clone() for norm in norms(encoder)]
    encoder(torch.randn(2, 3, 2, 32, 32)).square().sum().backward()
    for norm, mean in zip(norms(encoder), before, strict=True):
        assert norm.running_mean.equal(mean)
        assert norm.weight.grad is not None


def test_norms_train_by_default():
    encoder = small().eval().train()
    assert all(norm.training for norm in norms(encoder))
    before = norms(encoder)[0].running_mean.clone()
    encoder(torch.randn(2, 3, 2, 32, 32))
    assert not norms(encoder)[0].running_mean.equal(before)


@pytest.mark.parametrize('frozen', [False, True])
def test_loads_a_file_of_the_network(tmp_path, frozen):
    torch.manual_seed(1)
    weights = timm.create_model('resnet10t', num_classes=7).state_dict()
    torch.save(weights, tmp_path / 'x.pth')
    encoder = small(frozen=frozen, init_cfg=pretrained_cfg(tmp_path / 'x.pth'))
    encoder.init_weights()
    for name, tensor in encoder.network.state_dict().items():
        assert tensor.equal(weights[name]), name


def test_loads_what_timm_provides(monkeypatch):
    donor = timm.create_model('resnet10t')
    encoder = small(init_cfg=pretrained_cfg('timm://resnet10t.c3_in1k'))
    monkeypatch.setattr(timm, 'create_model', lambda name, pretrained: donor)
    encoder.init_weights()
    assert encoder.network.conv1[0].weight.equal(donor.conv1[0].weight)


def test_loads_one_of_ours_out_of_a_recognizer(tmp_path):
    torch.manual_seed(1)
    ours = TimmFrameEncoder('resnet10t').state_dict()
    student = {f'student.backbone.{name}': tensor for name, tensor in ours.items()}
    torch.save({'state_dict': {**student, 'student.head.fc.bias': torch.zeros(2)}}, tmp_path / 'x')
    encoder = small(init_cfg=pretrained_cfg(tmp_path / 'x', prefix='student.backbone.'))
    encoder.init_weights()
    for name, tensor in encoder.state_dict().items():
        assert tensor.equal(ours[name]), name


def test_a_file_of_another_network_is_an_error(tmp_path):
    torch.save(timm.create_model('resnet14t').state_dict(), tmp_path / 'x.pth')
    with pytest.raises(ConfigError, match=r'x\.pth .*does not fit TimmFrameEncoder: unexpected'):
        small(init_cfg=pretrained_cfg(tmp_path / 'x.pth')).init_weights()


def test_names_of_classifiers():
    with torch.device('meta'):
        assert names_in_cfg(timm.create_model('resnet18'), 'classifier') == ('fc',)
        assert names_in_cfg(timm.create_model('convnext_atto'), 'classifier') == ('head.fc',)
        distilled = timm.create_model('deit_tiny_distilled_patch16_224')
    assert names_in_cfg(distilled, 'classifier') == ('head', 'head_dist')


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('resnet81', r"no network 'resnet81'\. The nearest names: .*resnet\d+"),
        ('resnet18.a9_in1k', r"'resnet18\.a9_in1k' .*nearest names: .*resnet18\.a1_in1k"),
        ('hf-hub:timm/resnet18.a1_in1k', 'no network'),
        ('?', r"no network '\?'\.$"),
    ],
)
def test_unknown_networks(name, message):
    with pytest.raises(ConfigError, match=message):
        TimmFrameEncoder(name)


def test_arguments_that_are_not_the_users():
    with pytest.raises(ConfigError, match='itself sets `num_classes`, `pretrained`'):
        small(timm_args=dict(pretrained=True, num_classes=3))


def test_builds_from_a_config():
    encoder = BACKBONES.build(
        dict(type='TimmFrameEncoder', name='vit_tiny_patch16_224', timm_args=SMALL_VIT)
    )
    encoder.init_weights()
    assert encoder(torch.randn(1, 3, 2, 32, 32)).shape == (1, encoder.embed_dims) == (1, 24)
