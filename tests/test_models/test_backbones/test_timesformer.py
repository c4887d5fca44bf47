from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from torch import nn

from mmavssl.models.backbones import TimeSformer
from mmavssl.models.backbones.timesformer import DividedBlock
from mmavssl.registry import BACKBONES

DATA = Path(__file__).parents[2] / 'data'
TOLERANCE = dict(atol=1e-5, rtol=1e-5)


def fixture(name):
    with np.load(DATA / f'parity_{name}.npz') as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays.files}


def small(attention_type='divided', **kwargs):
    torch.manual_seed(0)
    sizes = dict(img_size=32, num_frames=4, embed_dims=48, depth=2, num_heads=3)
    return TimeSformer(attention_type, **{**sizes, **kwargs})


def randomize(network):
    """Give every parameter a random value, so that nothing is hidden behind a zero."""
    for name, parameter in network.named_parameters():
        is_norm = 'norm' in name and name.endswith('weight')
        nn.init.normal_(parameter, mean=float(is_norm), std=0.2)
    return network


@pytest.fixture(scope='module')
def official():
    """The small network with the original's weights and numbers."""
    numbers = fixture('timesformer')
    weights = {
        name.removeprefix('sd/model.'): numbers.pop(name)
        for name in list(numbers)
        if name.startswith('sd/')
    }
    head = weights.pop('head.weight'), weights.pop('head.bias')
    network = small().eval()
    network.load_state_dict(weights)  # strict: the same names and shapes
    return network, head, numbers


def as_official(cls_token, patches):
    """Join the streams to the original's order: class token, then tubes."""
    return torch.cat([cls_token, patches.flatten(1, 2)], dim=1)


@pytest.mark.usefixtures('attention_form')
@pytest.mark.parametrize('prefix', ['', 'interp/'])  # interp: a larger grid and more frames
@torch.no_grad()
def test_parity_with_the_original(official, prefix):
    network, (weight, bias), numbers = official
    seen = {}
    hooks = []
    for i, block in enumerate(network.blocks):
        hooks.append(
            block.register_forward_hook(
                lambda _, args, out, i=i: seen.update({f'in{i}': args, f'out{i}': out})
            )
        )
    feature = network(numbers[prefix + 'input'])
    for hook in hooks:
        hook.remove()
    torch.testing.assert_close(as_official(*seen['in0']), numbers[prefix + 'tokens_in'])
    for i in range(2):
        expected = numbers[f'{prefix}block{i}_out']
        torch.testing.assert_close(as_official(*seen[f'out{i}']), expected, **TOLERANCE)
    torch.testing.assert_close(feature, numbers[prefix + 'cls_feat'], **TOLERANCE)
    logits = nn.functional.linear(feature, weight, bias)
    torch.testing.assert_close(logits, numbers[prefix + 'logits'], **TOLERANCE)


@pytest.mark.usefixtures('attention_form')
@torch.no_grad()
def test_mixing_tokens_or_pixels_is_what_svformer_does(official):
    network, (weight, bias), _ = official
    numbers = fixture('svformer_mix')
    first, second = numbers['clips'].chunk(2)
    mask = numbers['mask'][..., None]  # 3 4 4 1
    tokens = network.embed(first) * mask + network.embed(second) * (1 - mask)
    by_tokens = network.encode(tokens, grid=(2, 2))

    pixels = numbers['mask'].reshape(3, 1, 4, 2, 2)
    pixels = pixels.repeat_interleave(16, dim=3).repeat_interleave(16, dim=4)
    by_pixels = network(first * pixels + second * (1 - pixels))

    torch.testing.assert_close(by_tokens, numbers['cls_feat'], **TOLERANCE)
    torch.testing.assert_close(by_pixels, numbers['cls_feat'], **TOLERANCE)
    logits = nn.functional.linear(by_tokens, weight, bias)
    torch.testing.assert_close(logits, numbers['logits'], **TOLERANCE)
    torch.testing.assert_close(network(numbers['clips']), numbers['plain_cls_feat'], **TOLERANCE)


@pytest.mark.parametrize(
    ('attention_type', 'dims', 'heads', 'total'),
    [
        ('divided', 768, 12, 121_297_971),
        ('joint', 768, 12, 85_844_019),
        ('divided', 384, 6, 30_567_987),
        ('joint', 384, 6, 21_688_371),
        ('space_only', 384, 6, 21_685_299),
    ],
)
def test_published_sizes_with_a_head_of_51_classes(attention_type, dims, heads, total):
    with torch.device('meta'):
        network = TimeSformer(attention_type, embed_dims=dims, num_heads=heads)
        head = nn.Linear(dims, 51)
    parts = [*network.parameters(), *head.parameters()]
    assert sum(parameter.numel() for parameter in parts) == total


def test_official_names():
    with torch.device('meta'):
        names = list(TimeSformer().state_dict())
    assert len(names) == 247  # the original's 249 without its head
    block = {name.removeprefix('blocks.11.') for name in names if name.startswith('blocks.11.')}
    layers = ['norm1', 'attn.qkv', 'attn.proj', 'temporal_norm1', 'temporal_attn.qkv']
    layers += ['temporal_attn.proj', 'temporal_fc', 'norm2', 'mlp.fc1', 'mlp.fc2']
    assert block == {f'{layer}.{kind}' for layer in layers for kind in ('weight', 'bias')}
    rest = {name for name in names if not name.startswith('blocks.')}
    assert rest == {
        'cls_token', 'pos_embed', 'time_embed', 'norm.weight', 'norm.bias',
        'patch_embed.proj.weight', 'patch_embed.proj.bias',
    }  # fmt: skip


def test_temporal_branch_contributes_nothing_at_first():
    network = small(drop_path_rate=0.0)
    assert network.time_embed.eq(0).all()
    for block in network.blocks:
        assert block.temporal_fc.weight.eq(0).all()
        assert block.temporal_fc.bias.eq(0).all()
    clip = torch.randn(2, 3, 4, 32, 32)
    before = network(clip)
    for name, parameter in network.named_parameters():
        if '.temporal_attn.' in name or '.temporal_norm1.' in name:
            nn.init.normal_(parameter)
    torch.testing.assert_close(network(clip), before, atol=0, rtol=0)
    torch.testing.assert_close(network(clip.flip(2)), before, **TOLERANCE)  # no sense of time


@pytest.mark.parametrize('attention_type', ['divided', 'joint'])
def test_time_matters_once_trained(attention_type):
    network = randomize(small(attention_type)).eval()
    clip = torch.randn(2, 3, 4, 32, 32)
    assert (network(clip) - network(clip.flip(2))).abs().max() > 1e-2


def vit_like(network):
    """Return timm's vision transformer of the same size."""
    return timm.models.vision_transformer.VisionTransformer(
        img_size=32, patch_size=16, embed_dim=48, depth=2, num_heads=3, num_classes=0,
        global_pool='token',
    ).eval()  # fmt: skip


def test_space_only_of_one_frame_is_a_vision_transformer():
    network = randomize(small('space_only')).eval()
    vit = vit_like(network)
    vit.load_state_dict(network.state_dict())
    clip = torch.randn(2, 3, 1, 32, 32)
    torch.testing.assert_close(network(clip), vit(clip[:, :, 0]), **TOLERANCE)


def test_space_only_averages_class_tokens_before_the_norm():
    network = randomize(small('space_only')).eval()
    vit = vit_like(network)
    vit.load_state_dict(network.state_dict())
    clip = torch.randn(2, 3, 3, 32, 32)
    norm, vit.norm = vit.norm, nn.Identity()
    per_frame = torch.stack([vit(clip[:, :, t]) for t in range(3)])
    torch.testing.assert_close(network(clip), norm(per_frame.mean(dim=0)), **TOLERANCE)


def test_joint_is_a_vision_transformer_over_all_tokens():
    network = randomize(small('joint')).eval()
    clip = torch.randn(2, 3, 4, 32, 32)
    vit = vit_like(network)
    vit.load_state_dict(
        {name: value for name, value in network.state_dict().items() if name != 'time_embed'}
    )
    patches = torch.stack([vit.patch_embed(clip[:, :, t]) for t in range(4)], dim=2)  # B N T D
    patches = patches + vit.pos_embed[:, 1:, None] + network.time_embed[:, None]
    cls_token = (vit.cls_token + vit.pos_embed[:, :1]).expand(2, -1, -1)
    x = torch.cat([cls_token, patches.flatten(1, 2)], dim=1)
    expected = vit.norm(vit.blocks(x))[:, 0]
    torch.testing.assert_close(network(clip), expected, **TOLERANCE)


def test_drop_path_is_off_in_eval_and_on_in_training():
    network = randomize(small(drop_path_rate=0.5))
    clip = torch.randn(4, 3, 4, 32, 32)
    assert not network(clip).equal(network(clip))
    network.eval()
    assert network(clip).equal(network(clip))
    certain = randomize(small(drop_path_rate=0.0)).eval()
    certain.load_state_dict(network.state_dict())
    assert network(clip).equal(certain(clip))


def test_drop_path_of_the_mlp_treats_class_token_and_patches_as_one_sample():
    torch.manual_seed(0)
    block = randomize(DividedBlock(8, 2, drop_path=0.5))
    for layer in (block.attn.proj, block.temporal_fc):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    cls_token, patches = torch.randn(64, 1, 8), torch.randn(64, 3, 2, 8)
    new_cls, new_patches = block(cls_token, patches)
    cls_kept = (new_cls != cls_token).all(dim=(1, 2))
    assert cls_kept.equal((new_patches != patches).all(dim=(1, 2, 3)))
    assert 16 < cls_kept.sum() < 48
    full = block.eval()(cls_token, patches)[1] - patches
    update = new_patches - patches
    torch.testing.assert_close(update[cls_kept], 2 * full[cls_kept], **TOLERANCE)


def test_dropped_tube_still_gets_the_bias_of_the_temporal_projection():
    torch.manual_seed(0)
    block = randomize(DividedBlock(8, 2, drop_path=0.5))
    for layer in (block.attn.proj, block.mlp.fc2):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    patches = torch.randn(8, 16, 2, 8)
    update = block(torch.randn(8, 1, 8), patches)[1] - patches
    is_bias = (update - block.temporal_fc.bias).abs().amax(dim=-1) < 1e-6
    assert is_bias.all(dim=2).equal(is_bias.any(dim=2))  # per tube, all frames or none
    assert 32 < is_bias.all(dim=2).sum() < 96


@pytest.mark.parametrize('attention_type', ['divided', 'joint', 'space_only'])
def test_checkpointing_changes_neither_outputs_nor_gradients(attention_type):
    clip = torch.randn(2, 3, 4, 32, 32)
    results = []
    for with_cp in (False, True):
        network = randomize(small(attention_type, with_cp=with_cp, drop_path_rate=0.3))
        torch.manual_seed(1)  # the same drop path
        feature = network(clip)
        feature.square().sum().backward()
        results.append([feature, *(parameter.grad for parameter in network.parameters())])
    torch.testing.assert_close(results[0], results[1], atol=0, rtol=0)


@pytest.mark.parametrize('attention_type', ['divided', 'joint', 'space_only'])
def test_samples_do_not_see_each_other(attention_type):
    network = randomize(small(attention_type)).eval()
    clips = torch.randn(3, 3, 4, 32, 32)
    each = torch.cat([network(clip[None]) for clip in clips])
    torch.testing.assert_close(network(clips), each, **TOLERANCE)


def test_embed_gives_patches_in_row_major_order():
    network = small()
    clip = torch.randn(2, 3, 4, 32, 48)
    tokens = network.embed(clip)
    assert tokens.shape == (2, 4, 6, 48)
    proj = network.patch_embed.proj
    patch = clip[1, :, 3, 16:32, 32:48]  # second row, third column
    expected = (proj.weight * patch).sum(dim=(1, 2, 3)) + proj.bias
    torch.testing.assert_close(tokens[1, 3, 5], expected, **TOLERANCE)


def test_positions_of_another_shape_with_as_many_patches_are_interpolated():
    network = randomize(small()).eval()
    tokens = torch.randn(1, 4, 4, 48)
    assert (network.encode(tokens, (2, 2)) - network.encode(tokens, (1, 4))).abs().max() > 1e-3


def test_errors():
    with pytest.raises(ValueError, match=r"one of .* but got 'diveded'"):
        TimeSformer('diveded')
    with pytest.raises(ValueError, match='multiple of `num_heads`=5'):
        TimeSformer(embed_dims=48, num_heads=5, depth=1)
    with pytest.raises(ValueError, match=r'multiples of `patch_size`=16.*30, 32'):
        small()(torch.randn(1, 3, 4, 30, 32))


def test_builds_from_a_config():
    network = BACKBONES.build(
        dict(type='TimeSformer', img_size=16, patch_size=8, embed_dims=12, num_heads=2, depth=1)
    )
    network.init_weights()
    assert network(torch.randn(1, 3, 2, 16, 16)).shape == (1, 12)
    assert (network.embed_dims, network.patch_size) == (12, 8)
