import pytest
import timm
import torch

from mmavssl.models.backbones import TimmAudioEncoder
from mmavssl.registry import BACKBONES
from mmavssl.utils import ConfigError

TOLERANCE = dict(atol=1e-5, rtol=1e-5)
SMALL_VIT = dict(img_size=(16, 32), patch_size=16, embed_dim=24, depth=1, num_heads=3)


def small(**kwargs):
    torch.manual_seed(0)
    return TimmAudioEncoder('resnet10t', **kwargs)


def pretrained_cfg(path, **kwargs):
    return dict(type='Pretrained', checkpoint=str(path), **kwargs)


@torch.no_grad()
def test_a_spectrogram_is_a_picture_of_mel_bins_by_times():
    encoder = small().eval()
    logmel = torch.randn(2, 96, 32)
    picture = logmel.transpose(1, 2)[:, None]
    assert picture.shape == (2, 1, 32, 96)
    torch.testing.assert_close(encoder(logmel), encoder.network(picture), **TOLERANCE)
    assert encoder(logmel).shape == (2, encoder.embed_dims)


@torch.no_grad()
def test_weights_of_rgb_see_a_spectrogram_as_three_equal_channels(tmp_path):
    torch.manual_seed(1)
    rgb = timm.create_model('resnet10t', num_classes=7).eval()
    torch.save(rgb.state_dict(), tmp_path / 'x.pth')
    encoder = small(init_cfg=pretrained_cfg(tmp_path / 'x.pth')).eval()
    encoder.init_weights()
    logmel = torch.randn(2, 64, 32)
    grey = logmel.transpose(1, 2)[:, None].expand(-1, 3, -1, -1)
    expected = rgb.forward_head(rgb.forward_features(grey), pre_logits=True)
    torch.testing.assert_close(encoder(logmel), expected, **TOLERANCE)


def test_loads_one_of_ours_as_it_is(tmp_path):
    torch.manual_seed(1)
    ours = TimmAudioEncoder('resnet10t').state_dict()
    torch.save(ours, tmp_path / 'x.pth')
    encoder = small(init_cfg=pretrained_cfg(tmp_path / 'x.pth'))
    encoder.init_weights()
    for name, tensor in encoder.state_dict().items():
        assert tensor.equal(ours[name]), name


def test_a_file_of_another_network_is_an_error(tmp_path):
    torch.save(timm.create_model('resnet14t').state_dict(), tmp_path / 'x.pth')
    with pytest.raises(ConfigError, match=r'x\.pth .*does not fit TimmAudioEncoder: unexpected'):
        small(init_cfg=pretrained_cfg(tmp_path / 'x.pth')).init_weights()


def test_gradient_reaches_all_parameters():
    encoder = small(timm_args=dict(zero_init_last=False))  # else the last norms are 0 at first
    encoder(torch.randn(2, 96, 64)).square().sum().backward()
    parameters = encoder.named_parameters()
    assert not [name for name, p in parameters if p.grad is None or not p.grad.any()]


def test_norm_eval_keeps_statistics():
    encoder = small(norm_eval=True).train()
    before = encoder.network.conv1[1].running_mean.clone()
    encoder(torch.randn(2, 64, 32))
    assert encoder.network.conv1[1].running_mean.equal(before)


def test_builds_from_a_config_with_a_vision_transformer_of_this_size():
    cfg = dict(type='TimmAudioEncoder', name='vit_tiny_patch16_224', timm_args=SMALL_VIT)
    encoder = BACKBONES.build(cfg)
    encoder.init_weights()
    assert encoder(torch.randn(1, 32, 16)).shape == (1, encoder.embed_dims) == (1, 24)


def test_unknown_networks():
    with pytest.raises(ConfigError, match=r"no network 'resnet81'\. The nearest names: "):
        TimmAudioEncoder('resnet81')
