"""The size of a network, and what its tensors tell of it."""

import numpy as np
import pytest
import timm
import torch
from timm.models.vision_transformer import VisionTransformer

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.vit_architecture import Architecture, known_heads
from mmavssl.structures.network_facts import NetworkFacts
from mmavssl.utils import ConfigError
from tests.fidelity import published

VIDEO = dict(img_size=32, embed_dims=128, num_heads=2)


def test_what_tensors_tell():
    found = Architecture.of(published.timm_vit(dims=64, depth=3))
    assert found == Architecture(embed_dims=64, depth=3, patch_size=16, channels=3)
    assert Architecture.of({'norm.weight': torch.ones(3)}) == Architecture(None, None, None, None)


@pytest.mark.parametrize(
    ('name', 'shape', 'expected'),
    [
        ('patch_embed.proj.weight', (128, 768), '(width, channels, height, width)'),
        ('patch_embed.proj.weight', (128, 3, 2, 16, 16), '(width, channels, height, width)'),
        ('pos_embed', (5, 128), '(1, tokens, width)'),
        ('time_embed', (4,), '(1, frames, width)'),
    ],
)
@pytest.mark.parametrize('kind', [TimeSformer, ASTEncoder])
def test_number_of_dimensions(tmp_path, from_checkpoint, kind, name, shape, expected):
    state = {**published.timm_vit(), name: torch.zeros(shape)}
    with pytest.raises(MisfitError) as info:
        Architecture.of(state)
    assert str(info.value) == f'its {name} has the shape {shape}, which is not {expected}'
    if (kind, name) == (ASTEncoder, 'time_embed'):
        return  # which makes it a video transformer
    torch.save(state, tmp_path / 'flat.pth')
    size = VIDEO if kind is TimeSformer else dict(embed_dims=128, num_heads=2)
    with pytest.raises(ConfigError, match=r'flat\.pth .*: its \w+\S* has the shape '):
        from_checkpoint(kind, tmp_path / 'flat.pth', **size)


def test_kernels_of_jax_without_their_dimensions(tmp_path, from_checkpoint):
    state = published.jax_vit()
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    arrays['embedding/kernel'] = arrays['embedding/kernel'].reshape(-1, 128)
    np.savez(tmp_path / 'flat.npz', **arrays)
    with pytest.raises(
        ConfigError, match=r'flat\.npz .*: its embedding/kernel \(768, 128\) cannot be transposed'
    ):
        from_checkpoint(TimeSformer, tmp_path / 'flat.npz', **VIDEO)


def test_heads_that_are_known():
    assert known_heads(384, NetworkFacts()) == 6
    assert known_heads(1280, NetworkFacts()) == 16
    assert known_heads(384, NetworkFacts(num_heads=12)) == 12
    assert known_heads(128, NetworkFacts()) is None
    assert known_heads(None, NetworkFacts()) is None


@pytest.mark.parametrize(
    ('dims', 'heads'), [(192, 3), (384, 6), (768, 12), (1024, 16), (1280, 16), (512, 8)]
)
def test_published_widths_are_those_of_timm(dims, heads):
    """Its networks of these widths, built without weights."""
    names = {
        192: 'vit_tiny_patch16_224', 384: 'vit_small_patch16_224', 768: 'vit_base_patch16_224',
        1024: 'vit_large_patch16_224', 1280: 'vit_huge_patch14_224',
        512: 'deit3_medium_patch16_224',
    }  # fmt: skip
    with torch.device('meta'):
        vit = timm.create_model(names[dims], depth=1)
    assert (vit.embed_dim, vit.blocks[0].attn.num_heads) == (dims, heads)
    assert known_heads(dims, NetworkFacts()) == heads


@pytest.mark.parametrize('kind', [TimeSformer, ASTEncoder])
def test_heads_of_a_published_width(tmp_path, from_checkpoint, kind):
    """A ViT-S in a network of width 384 whose 12 heads were left as they are."""
    torch.save(published.timm_vit(dims=384), tmp_path / 's16.pth')
    size = dict(embed_dims=384, num_heads=12)
    size |= dict(img_size=32) if kind is TimeSformer else {}
    with pytest.raises(ConfigError) as info:
        from_checkpoint(kind, tmp_path / 's16.pth', **size)
    assert 'num_heads=6, but the config has num_heads=12' in str(info.value)
    assert '`init_cfg.source=dict(num_heads=12)`' in str(info.value)
    named = dict(source=dict(num_heads=12))
    from_checkpoint(kind, tmp_path / 's16.pth', **size, init_cfg=named)
    from_checkpoint(kind, tmp_path / 's16.pth', **{**size, 'num_heads': 6})


def test_heads_of_another_width_are_not_known(tmp_path, from_checkpoint):
    torch.save(published.timm_vit(), tmp_path / 'tiny.pth')
    for heads in (2, 4):
        from_checkpoint(TimeSformer, tmp_path / 'tiny.pth', **{**VIDEO, 'num_heads': heads})
    named = dict(source=dict(num_heads=4))
    with pytest.raises(ConfigError, match='num_heads=4, but the config has num_heads=2'):
        from_checkpoint(TimeSformer, tmp_path / 'tiny.pth', **VIDEO, init_cfg=named)


def test_heads_of_jax_are_in_its_kernels(tmp_path, from_checkpoint):
    arrays = {name: tensor.numpy() for name, tensor in published.jax_vit(heads=4).items()}
    np.savez(tmp_path / 'vit.npz', **arrays)
    with pytest.raises(ConfigError, match='num_heads=4, but the config has num_heads=2'):
        from_checkpoint(TimeSformer, tmp_path / 'vit.npz', **VIDEO)
    from_checkpoint(TimeSformer, tmp_path / 'vit.npz', **{**VIDEO, 'num_heads': 4})
    named = dict(source=dict(num_heads=2))
    with pytest.raises(ConfigError, match='`source` has num_heads=2, but the file says 4'):
        from_checkpoint(TimeSformer, tmp_path / 'vit.npz', **VIDEO, init_cfg=named)


def test_heads_of_timm_are_in_its_network(monkeypatch, from_checkpoint):
    vit = VisionTransformer(img_size=32, patch_size=16, embed_dim=128, depth=2, num_heads=4)
    monkeypatch.setattr(timm, 'create_model', lambda name, pretrained: vit)
    with pytest.raises(ConfigError, match='num_heads=4, but the config has num_heads=2'):
        from_checkpoint(TimeSformer, 'timm://x', **VIDEO)
    from_checkpoint(TimeSformer, 'timm://x', **{**VIDEO, 'num_heads': 4})


@pytest.mark.parametrize('kind', [TimeSformer, ASTEncoder])
def test_stride_is_of_sound(tmp_path, from_checkpoint, kind):
    torch.save(published.timm_vit(), tmp_path / 'vit.pth')
    size = VIDEO if kind is TimeSformer else dict(embed_dims=128, num_heads=2)
    named = dict(source=dict(stride=16))
    with pytest.raises(ConfigError, match='`source` has stride, but it is no transformer over sp'):
        from_checkpoint(kind, tmp_path / 'vit.pth', **size, init_cfg=named)


def test_heads_that_do_not_divide_the_width():
    with pytest.raises(MisfitError, match='its 384 channels are no multiple of num_heads=5'):
        known_heads(384, NetworkFacts(num_heads=5))
