"""ImageNet transformers compute in our TimeSformer what they compute at home."""

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from mmavssl.models.backbones import TimeSformer
from tests.fidelity import published

SMALL = dict(embed_dims=128, depth=2, num_heads=2)
TOLERANCE = dict(atol=1e-5, rtol=1e-5)


def small_vit(img_size=32):
    vit = VisionTransformer(
        img_size=img_size, patch_size=16, embed_dim=128, depth=2, num_heads=2, num_classes=10
    )
    return vit.eval()


def frame_encoder(checkpoint, **kwargs):
    init_cfg = dict(type='Pretrained', checkpoint=str(checkpoint))
    network = TimeSformer('space_only', init_cfg=init_cfg, **kwargs)
    network.init_weights()
    return network.eval()


@torch.no_grad()
def assert_same_features(network, vit, img_size):
    image = torch.randn(2, 3, img_size, img_size, generator=torch.Generator().manual_seed(0))
    expected = vit.forward_head(vit.forward_features(image), pre_logits=True)
    torch.testing.assert_close(network(image[:, :, None]), expected, **TOLERANCE)


def save(path, state):
    if path.suffix == '.safetensors':
        save_file(state, path)
    else:
        torch.save(state, path)


@pytest.mark.parametrize('name', ['vit.pth', 'vit.safetensors'])
def test_file_of_timm(tmp_path, name):
    vit = small_vit()
    vit.load_state_dict(published.timm_vit())
    save(tmp_path / name, vit.state_dict())
    assert_same_features(frame_encoder(tmp_path / name, img_size=32, **SMALL), vit, 32)


def test_timm_by_name(monkeypatch):
    vit = small_vit()
    monkeypatch.setattr(timm, 'create_model', lambda name, pretrained: vit)
    assert_same_features(frame_encoder('timm://small', img_size=32, **SMALL), vit, 32)


def test_npz_is_read_as_timm_reads_it(tmp_path):
    """timm has a loader of the JAX release of its own, which is the reference."""
    arrays = {name: tensor.numpy() for name, tensor in published.jax_vit().items()}
    np.savez(tmp_path / 'vit.npz', **arrays)
    vit = small_vit()
    vit.load_pretrained(tmp_path / 'vit.npz')
    network = frame_encoder(tmp_path / 'vit.npz', img_size=32, **SMALL)
    expected = {name: t for name, t in vit.state_dict().items() if not name.startswith('head.')}
    torch.testing.assert_close(network.state_dict(), expected, rtol=0, atol=0)
    assert_same_features(network, vit, 32)


def test_mae_with_its_decoder(tmp_path):
    state = published.mae()
    torch.save({'model': state}, tmp_path / 'mae.pth')
    vit = small_vit()
    encoder = {name: state[name] for name in vit.state_dict() if not name.startswith('head.')}
    vit.load_state_dict(encoder, strict=False)
    assert_same_features(frame_encoder(tmp_path / 'mae.pth', img_size=32, **SMALL), vit, 32)


@torch.no_grad()
def test_fine_tuned_mae_gives_its_norm(tmp_path):
    """Its last norm is over the mean of the patches: the same blocks, and that norm in the end."""
    state = published.mae_finetuned()
    torch.save({'model': state}, tmp_path / 'mae.pth')
    network = frame_encoder(tmp_path / 'mae.pth', img_size=32, **SMALL)
    vit = VisionTransformer(
        img_size=32, patch_size=16, embed_dim=128, depth=2, num_heads=2, num_classes=10,
        global_pool='avg',
    ).eval()  # fmt: skip
    vit.load_state_dict(state)
    image = torch.randn(2, 3, 32, 32)
    vit.norm, vit.fc_norm = vit.fc_norm, nn.Identity()
    torch.testing.assert_close(
        network(image[:, :, None]), vit.forward_features(image)[:, 0], **TOLERANCE
    )


LAYER_SCALE = {
    'dinov2': dict(),
    'deit3': dict(no_embed_class=True),  # whose class token has no position
}


def scaled_vit(kind):
    """A network of timm with LayerScale, whose numbers are far from one."""
    torch.manual_seed(2)
    vit = VisionTransformer(
        img_size=32, patch_size=16, embed_dim=128, depth=2, num_heads=2, num_classes=0,
        init_values=1e-5, **LAYER_SCALE[kind],
    ).eval()  # fmt: skip
    for parameter in vit.parameters():
        nn.init.normal_(parameter, std=0.1)
    return vit


@pytest.mark.parametrize('kind', LAYER_SCALE)
@pytest.mark.parametrize('is_converted', [False, True])
def test_layer_scale(tmp_path, convert, kind, is_converted):
    """DINOv2 and DeiT III multiply what attention and MLP add: folded into their last layers."""
    vit = scaled_vit(kind)
    assert vit.state_dict()['blocks.1.ls2.gamma'].abs().mean() > 0.05
    path = tmp_path / 'vit.pth'
    torch.save(vit.state_dict(), path)
    if is_converted:
        settings = ('--set', 'attention_type=space_only')
        assert convert('vit', path, tmp_path / 'ours.pth', *settings) == 0
        path = tmp_path / 'ours.pth'
    assert_same_features(frame_encoder(path, img_size=32, **SMALL), vit, 32)


@torch.no_grad()
def test_layer_scale_by_the_names_of_its_project(tmp_path):
    vit = scaled_vit('deit3')
    state = {
        name.replace('ls1.gamma', 'gamma_1').replace('ls2.gamma', 'gamma_2'): tensor
        for name, tensor in vit.state_dict().items()
    }
    torch.save({'model': state}, tmp_path / 'deit_3.pth')
    assert_same_features(frame_encoder(tmp_path / 'deit_3.pth', img_size=32, **SMALL), vit, 32)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'size'),
    [
        ('vit_base_patch16_224', {}),
        ('vit_small_patch16_224', dict(embed_dims=384, num_heads=6)),
    ],
)
def test_published_sizes(tmp_path, name, size):
    torch.manual_seed(0)
    vit = timm.create_model(name, pretrained=False).eval()
    save_file(vit.state_dict(), tmp_path / 'vit.safetensors')
    assert_same_features(frame_encoder(tmp_path / 'vit.safetensors', **size), vit, 224)
