import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.models.utils.ast_weights import fit_audio_positions, fit_to_ast
from mmavssl.models.utils.report import Report
from mmavssl.utils import ConfigError

DATA = Path(__file__).parents[2] / 'data'
SMALL = dict(embed_dims=24, depth=2, num_heads=3)


def original_deit(name, shape):
    """Return the tensor that the image transformer of the fixture had under this name."""
    draw = np.random.RandomState(zlib.crc32(f'imagenet/{name}'.encode()))
    std = {'pos_embed': 0.5, 'patch_embed.proj.bias': 0.1}.get(name, np.prod(shape[1:]) ** -0.5)
    return torch.from_numpy((std * draw.standard_normal(shape)).astype(np.float32))


@pytest.mark.parametrize(
    ('case', 'num_frames', 'stride'), [('t16', 256, 16), ('t10', 256, 10), ('cut', 100, 16)]
)
def test_adaptation_equals_the_originals(case, num_frames, stride):
    with np.load(DATA / 'parity_ast.npz') as arrays:
        numbers = {key: torch.from_numpy(arrays[key]) for key in arrays.files if 'adapt/' in key}
    network = ASTEncoder(
        192, depth=0, num_heads=3, num_frames=num_frames, stride=stride, distilled=True
    )
    state = {
        'dist_token': torch.zeros(1, 1, 192),
        'pos_embed': original_deit('pos_embed', (1, 198, 192)),
        'patch_embed.proj.weight': original_deit('patch_embed.proj.weight', (192, 3, 16, 16)),
        'patch_embed.proj.bias': original_deit('patch_embed.proj.bias', (192,)),
    }
    fit_to_ast(state, network, Report())
    assert list(network.grid) == numbers[f'adapt/{case}/grid_freq_time'].tolist()
    torch.testing.assert_close(
        state['pos_embed'][..., ::16], numbers[f'adapt/{case}/pos_embed'], atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(
        state['patch_embed.proj.weight'][:24], numbers['adapt/proj_weight'], atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(state['patch_embed.proj.bias'], numbers['adapt/proj_bias'])


def test_image_transformer_in_an_ast(timm_vit, from_checkpoint, table):
    network = from_checkpoint(ASTEncoder, 'timm://tiny', num_mel_bins=32, num_frames=32)
    source = timm_vit.state_dict()
    for name, tensor in network.state_dict().items():
        if name == 'patch_embed.proj.weight':
            torch.testing.assert_close(tensor, source[name].sum(dim=1, keepdim=True))
        else:
            assert tensor.equal(source[name]), name
    grey = torch.randn(2, 32, 32)
    image = grey.transpose(1, 2)[:, None].expand(-1, 3, -1, -1)
    expected = timm_vit.forward_features(image)[:, 0]
    torch.testing.assert_close(network(grey), expected, atol=1e-4, rtol=1e-4)
    assert table('summed') == ['summed over RGB patch_embed.proj.weight patch_embed.proj.weight 1']
    assert table('dropped') == ['dropped head.* 2']


def test_distillation_token_is_dropped_with_its_position(timm_deit, from_checkpoint, table):
    size = dict(num_mel_bins=32, num_frames=32)
    with_dist = from_checkpoint(ASTEncoder, 'timm://d', distilled=True, **size)
    without = from_checkpoint(ASTEncoder, 'timm://d', **size)
    assert with_dist.dist_token.equal(timm_deit.dist_token)
    assert with_dist.pos_embed.equal(timm_deit.pos_embed)
    assert without.pos_embed.equal(timm_deit.pos_embed[:, [0, 2, 3, 4, 5]])
    assert table('dropped', 0) == ['dropped head.* 2', 'dropped head_dist.* 2']
    assert table('dropped', 1)[2:] == ['dropped dist_token 1']


def test_distillation_token_that_the_file_lacks_keeps_its_initial_value(
    timm_vit, from_checkpoint, table
):
    size = dict(distilled=True, num_mel_bins=32, num_frames=32)
    torch.manual_seed(0)
    fresh = ASTEncoder(**size, **SMALL)
    torch.manual_seed(0)
    network = from_checkpoint(ASTEncoder, 'timm://tiny', **size)
    assert network.dist_token.equal(fresh.dist_token)
    assert network.pos_embed[:, 1].equal(fresh.pos_embed[:, 1])
    assert network.pos_embed[:, [0, 2, 3, 4, 5]].equal(timm_vit.pos_embed)
    assert table('left at') == ['left at its initial value dist_token 1']
    assert table('that of') == ['that of dist_token initial pos_embed pos_embed 1']


def official(path, **kwargs):
    """Save a random AST with the names of its code."""
    torch.manual_seed(3)
    network = ASTEncoder(distilled=True, **{**SMALL, **kwargs})
    weights = {f'module.v.{name}': tensor for name, tensor in network.state_dict().items()}
    weights['module.mlp_head.1.bias'] = torch.zeros(527)
    torch.save(weights, path)
    return network


def rows_and_columns(network):
    return network.pos_embed[:, 1 + (network.dist_token is not None) :].unflatten(1, network.grid)


def test_16_16_for_stride_16(tmp_path, from_checkpoint, table):
    """The grid of 8 x 64: the middle of time is cut out; the class token alone remains."""
    source = official(tmp_path / 'a.pth', num_frames=1024)
    network = from_checkpoint(ASTEncoder, tmp_path / 'a.pth', num_frames=256)
    assert rows_and_columns(network).equal(rows_and_columns(source)[:, :, 24:40])
    assert network.pos_embed[:, :1].equal(source.pos_embed[:, :1])
    assert network.patch_embed.proj.weight.equal(source.patch_embed.proj.weight)
    assert table('without') == ['without that of dist_token, 8x64 to 8x16 v.pos_embed pos_embed 1']
    assert table('dropped') == ['dropped mlp_head.* 1', 'dropped v.dist_token 1']


def test_10_10_for_stride_10_in_time_and_frequency(tmp_path, from_checkpoint):
    """The grid of 12 x 101: [50 - t // 2, + t) of time, [6 - f // 2, + f) of frequency."""
    source = official(tmp_path / 'a.pth', num_frames=1024, stride=10)
    network = from_checkpoint(ASTEncoder, tmp_path / 'a.pth', num_frames=256, stride=10)
    assert rows_and_columns(network).equal(rows_and_columns(source)[:, :, 38:63])
    low = from_checkpoint(
        ASTEncoder, tmp_path / 'a.pth', num_frames=256, num_mel_bins=64, stride=10
    )
    assert rows_and_columns(low).equal(rows_and_columns(source)[:, 4:9, 38:63])
    same = from_checkpoint(
        ASTEncoder, tmp_path / 'a.pth', num_frames=1024, stride=10, distilled=True
    )
    torch.testing.assert_close(same.state_dict(), source.state_dict(), rtol=0, atol=0)


def test_longer_than_the_file(tmp_path, from_checkpoint, table):
    source = official(tmp_path / 'a.pth', num_frames=64)
    network = from_checkpoint(ASTEncoder, tmp_path / 'a.pth', num_frames=128, distilled=True)
    columns = rows_and_columns(source)[0].transpose(1, 2)
    expected = F.interpolate(columns, size=8, mode='linear').transpose(1, 2)
    torch.testing.assert_close(rows_and_columns(network)[0], expected)
    assert table('8x4 to 8x8') == ['8x4 to 8x8 v.pos_embed pos_embed 1']


@pytest.mark.parametrize(
    ('trained', 'wanted', 'message'),
    [
        (dict(num_frames=1024, stride=10), {}, 'it is an AST of stride 10 (1212 patches), but '),
        (dict(num_frames=1024, stride=12), {}, 'it is an AST of stride 12 (850 patches), but '),
        (dict(num_frames=1024, stride=14), {}, 'it is an AST of stride 14 (657 patches), but '),
        (dict(num_frames=1024), dict(stride=10), 'it is an AST of stride 16 (512 patches), but '),
        (dict(num_frames=100, stride=10), {}, 'it is an AST of stride 14 or 10 (108 patches), '),
        (dict(num_frames=128, stride=10), dict(stride=12), 'it is an AST of stride 16 or 10 (144'),
        (dict(num_frames=103, stride=8), {}, 'it is an AST of 165 patches, which are no rows of'),
    ],
)
def test_another_stride_is_named(tmp_path, from_checkpoint, trained, wanted, message):
    official(tmp_path / 'a.pth', **trained)
    with pytest.raises(ConfigError) as info:
        from_checkpoint(ASTEncoder, tmp_path / 'a.pth', num_frames=256, **wanted)
    assert f'a.pth (`init_cfg.checkpoint`) does not fit ASTEncoder: {message}' in str(info.value)


AMBIGUOUS = [
    # ESC-50's recipe (12 x 50), SpeechCommands' (12 x 12), and our own 8 x 18
    (dict(num_frames=512, stride=10), dict(num_frames=256), '12x50 of stride 10 or 8x75 of'),
    (dict(num_frames=128, stride=10), dict(num_frames=300), '8x18 of stride 16 or 12x12 of'),
    (dict(num_frames=300), dict(num_frames=256), '8x18 of stride 16 or 12x12 of stride 10'),
    (dict(num_frames=300), dict(num_frames=128, stride=10), '8x18 of stride 16 or 12x12 of'),
    # of no published length
    (dict(num_frames=250, stride=10), dict(num_frames=256), '8x36 of stride 16'),
    (dict(num_frames=512, stride=12), dict(stride=10), '10x42 of stride 12 or 12x35 of stride 10'),
]


@pytest.mark.parametrize(('trained', 'wanted', 'message'), AMBIGUOUS)
def test_number_of_patches_that_fits_several_strides(
    tmp_path, from_checkpoint, trained, wanted, message
):
    source = official(tmp_path / 'a.pth', **trained)
    with pytest.raises(ConfigError) as info:
        from_checkpoint(ASTEncoder, tmp_path / 'a.pth', **wanted)
    assert f'{source.pos_embed.shape[1] - 2} patches may be' in str(info.value)
    assert message in str(info.value)
    assert 'Say which: `init_cfg.source=dict(stride=' in str(info.value)
    stride = trained.get('stride', 16)
    named = dict(source=dict(stride=stride))
    if wanted.get('stride', 16) != stride:
        with pytest.raises(ConfigError, match=f'it is an AST of stride {stride} '):
            from_checkpoint(ASTEncoder, tmp_path / 'a.pth', **wanted, init_cfg=named)
        return
    network = from_checkpoint(ASTEncoder, tmp_path / 'a.pth', **wanted, init_cfg=named)
    start = source.grid[1] // 2 - network.grid[1] // 2
    middle = slice(start, start + network.grid[1])
    assert rows_and_columns(network).equal(rows_and_columns(source)[:, :, middle])


@pytest.mark.parametrize('num_frames', [512, 256])
def test_recipes_that_are_known_need_no_word(tmp_path, from_checkpoint, num_frames):
    """600 patches are ESC-50's at stride 10, though 8 and 10 divide them as well."""
    source = official(tmp_path / 'a.pth', num_frames=num_frames, stride=10)
    network = from_checkpoint(ASTEncoder, tmp_path / 'a.pth', num_frames=256, stride=10)
    start = source.grid[1] // 2 - 12
    middle = rows_and_columns(source)[:, :, start : start + 25]
    assert rows_and_columns(network).equal(middle)


def test_height_of_the_file_is_said(tmp_path, from_checkpoint):
    """The same number of patches over 64 and over 128 mel bins."""
    size = dict(num_mel_bins=64, num_frames=192)
    source = official(tmp_path / 'a.pth', **size)
    with pytest.raises(ConfigError, match=r'8x6 of stride 16 .* 4x12 of stride 16 \(64 mel'):
        from_checkpoint(ASTEncoder, tmp_path / 'a.pth', **size)
    named = dict(source=dict(stride=16, num_mel_bins=64))
    network = from_checkpoint(ASTEncoder, tmp_path / 'a.pth', **size, init_cfg=named)
    assert rows_and_columns(network).equal(rows_and_columns(source))


def test_video_transformer_is_refused(tmp_path, from_checkpoint):
    for attention_type in ('divided', 'joint'):
        network = TimeSformer(attention_type, img_size=32, **SMALL)
        torch.save(network.state_dict(), tmp_path / 'video.pth')
        with pytest.raises(ConfigError, match=r'transformer over videos.*`TimeSformer`'):
            from_checkpoint(ASTEncoder, tmp_path / 'video.pth')


def test_another_size_is_said_in_arguments(timm_vit, from_checkpoint):
    with pytest.raises(ConfigError, match='embed_dims=24, but the config has embed_dims=48'):
        from_checkpoint(ASTEncoder, 'timm://tiny', embed_dims=48)


def test_fit_audio_positions():
    freq, time = torch.meshgrid(torch.arange(6.0), torch.arange(4.0), indexing='ij')
    positions = torch.stack([freq, time], dim=-1).reshape(1, 24, 2)
    fitted = fit_audio_positions(positions, (6, 4), (3, 8)).view(3, 8, 2)
    assert fitted[:, 0, 0].tolist() == [2, 3, 4]  # rows 3 - 3 // 2 ...
    expected = F.interpolate(torch.arange(4.0).view(1, 1, 4), size=8, mode='linear').flatten()
    torch.testing.assert_close(fitted[1, :, 1], expected)
    same = fit_audio_positions(positions, (6, 4), (6, 4))
    assert same.equal(positions)
