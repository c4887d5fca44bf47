import zlib
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.models.utils import pretrained
from mmavssl.models.utils.vit_weights import adapt_to_ast, fit_audio_positions
from mmavssl.utils import ConfigError

DATA = Path(__file__).parents[2] / 'data'
SMALL = dict(embed_dims=24, depth=2, num_heads=3)


def image_vit(img_size=32, cls=timm.models.vision_transformer.VisionTransformer):
    """Return timm's vision transformer with a head of 10 classes and random weights."""
    torch.manual_seed(1)
    vit = cls(img_size=img_size, patch_size=16, embed_dim=24, depth=2, num_heads=3, num_classes=10)
    for parameter in vit.parameters():
        nn.init.normal_(parameter, std=0.5)
    return vit.eval()


@pytest.fixture
def timm_vit(monkeypatch):
    """Let timm://tiny be a random vision transformer instead of a download."""
    vit = image_vit()
    monkeypatch.setattr(timm, 'create_model', lambda name, pretrained: vit)
    return vit


@pytest.fixture
def report(monkeypatch):
    lines = []
    monkeypatch.setattr(pretrained, 'print_log', lambda line, logger: lines.append(line))
    return lines


def from_checkpoint(kind, checkpoint, *args, **kwargs):
    init_cfg = dict(type='Pretrained', checkpoint=str(checkpoint))
    network = kind(*args, init_cfg=init_cfg, **{**SMALL, **kwargs})
    network.init_weights()
    return network.eval()


def test_image_transformer_in_a_timesformer(timm_vit, report):
    network = from_checkpoint(TimeSformer, 'timm://tiny', img_size=32)
    source, target = timm_vit.state_dict(), network.state_dict()
    for name, tensor in target.items():
        if 'temporal_fc' in name or name == 'time_embed':
            assert tensor.eq(0).all(), name
        else:
            image_name = name.replace('temporal_attn', 'attn').replace('temporal_norm1', 'norm1')
            assert tensor.equal(source[image_name]), name
    # The image transformer has 32 tensors, two of them in its head.
    assert report == [
        'TimeSformer: 42 tensors set from timm://tiny; '
        'copied from the spatial layer: 12 (blocks.0.temporal_norm1.weight, ...); '
        'left at the initial value: 5 (time_embed, ...); '
        'dropped: 2 (head.weight, ...)'
    ]


def test_it_computes_as_the_image_transformer_on_a_still_clip(timm_vit):
    network = from_checkpoint(TimeSformer, 'timm://tiny', img_size=32)
    image = torch.randn(2, 3, 32, 32)
    expected = timm_vit.forward_features(image)[:, 0]
    clip = image[:, :, None].repeat(1, 1, 8, 1, 1)
    torch.testing.assert_close(network(clip), expected, atol=1e-4, rtol=1e-4)


def test_positions_of_another_grid_are_interpolated_in_two_dimensions(timm_vit, report):
    positions = torch.zeros(1, 5, 24)
    positions[0, 0] = 7.0
    positions[0, 1:, 0] = torch.tensor([0.0, 0.0, 1.0, 1.0])  # depends on the row alone
    timm_vit.pos_embed.data = positions
    network = from_checkpoint(TimeSformer, 'timm://tiny', img_size=64)
    assert network.pos_embed[0, 0].eq(7).all()
    grid = network.pos_embed[0, 1:, 0].view(4, 4)
    torch.testing.assert_close(grid, grid[:, :1].expand(4, 4))
    assert (grid[:, 0].diff() > 0).all()
    assert 'resized: 1 (pos_embed, ...)' in report[0]


def test_image_transformer_in_a_joint_timesformer(timm_vit):
    network = from_checkpoint(TimeSformer, 'timm://tiny', 'joint', img_size=32)
    assert network.time_embed.eq(0).all()
    assert network.blocks[1].mlp.fc1.weight.equal(timm_vit.blocks[1].mlp.fc1.weight)


def test_frame_encoder_of_ours_in_a_divided_timesformer(tmp_path):
    """A space-only network, trained on stills, is an image transformer."""
    stills = TimeSformer('space_only', img_size=32, **SMALL)
    save_file(stills.state_dict(), tmp_path / 'stills.safetensors')
    network = from_checkpoint(TimeSformer, tmp_path / 'stills.safetensors', img_size=32)
    clip = torch.randn(2, 3, 8, 32, 32)
    torch.testing.assert_close(network(clip[:, :, :1]), stills.eval()(clip[:, :, :1]))


def test_video_transformer_keeps_its_temporal_weights(tmp_path):
    torch.manual_seed(0)
    trained = TimeSformer(img_size=32, num_frames=4, **SMALL)
    for parameter in trained.parameters():
        nn.init.normal_(parameter)
    weights = {f'model.{name}': tensor for name, tensor in trained.state_dict().items()}
    weights['model.head.weight'] = torch.ones(3, 24)
    torch.save({'epoch': 3, 'model_state': weights}, tmp_path / 'video.pyth')
    same = from_checkpoint(TimeSformer, tmp_path / 'video.pyth', img_size=32, num_frames=4)
    torch.testing.assert_close(same.state_dict(), trained.state_dict(), atol=0, rtol=0)
    longer = from_checkpoint(TimeSformer, tmp_path / 'video.pyth', img_size=32, num_frames=8)
    assert longer.time_embed.equal(trained.time_embed.repeat_interleave(2, dim=1))


def test_misfits_of_a_timesformer_name_the_tensors(tmp_path):
    weights = TimeSformer(img_size=32, **SMALL).state_dict()
    del weights['blocks.1.temporal_fc.bias']
    torch.save(weights, tmp_path / 'part.pth')
    with pytest.raises(ConfigError, match=r'missing: blocks\.1\.temporal_fc\.bias'):
        from_checkpoint(TimeSformer, tmp_path / 'part.pth', img_size=32)
    with pytest.raises(ConfigError, match=r'unexpected: blocks\.0\.temporal_attn\.proj\.bias'):
        from_checkpoint(TimeSformer, tmp_path / 'part.pth', 'joint', img_size=32)
    with pytest.raises(
        ConfigError, match=r'of another shape: blocks\.0.* instead of .*and \d+ more'
    ):
        from_checkpoint(TimeSformer, tmp_path / 'part.pth', img_size=32, embed_dims=48)
    torch.save({'conv1.weight': torch.ones(1)}, tmp_path / 'resnet.pth')
    for kind in (TimeSformer, ASTEncoder):
        with pytest.raises(ConfigError, match=r'unexpected: conv1.weight; missing: blocks\.0'):
            from_checkpoint(kind, tmp_path / 'resnet.pth')


def test_distilled_image_transformer_does_not_fit_a_timesformer(monkeypatch):
    vit = image_vit(cls=timm.models.deit.VisionTransformerDistilled)
    monkeypatch.setattr(timm, 'create_model', lambda name, pretrained: vit)
    with pytest.raises(ConfigError, match=r'unexpected: dist_token; of another shape: pos_embed'):
        from_checkpoint(TimeSformer, 'timm://distilled', img_size=32)


def test_weights_are_loaded_once(timm_vit):
    network = from_checkpoint(TimeSformer, 'timm://tiny', img_size=32)
    nn.init.ones_(network.cls_token)
    network.init_weights()
    assert network.cls_token.eq(1).all()


# Audio -------------------------------------------------------------------------------------------


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
    source = {
        'dist_token': torch.zeros(1, 1, 192),
        'pos_embed': original_deit('pos_embed', (1, 198, 192)),
        'patch_embed.proj.weight': original_deit('patch_embed.proj.weight', (192, 3, 16, 16)),
        'patch_embed.proj.bias': original_deit('patch_embed.proj.bias', (192,)),
    }
    adapt_to_ast(source, network)
    assert list(network.grid) == numbers[f'adapt/{case}/grid_freq_time'].tolist()
    torch.testing.assert_close(
        source['pos_embed'][..., ::16], numbers[f'adapt/{case}/pos_embed'], atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(
        source['patch_embed.proj.weight'][:24], numbers['adapt/proj_weight'], atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(source['patch_embed.proj.bias'], numbers['adapt/proj_bias'])


def test_image_transformer_in_an_ast(timm_vit, report):
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
    assert 'summed over RGB: 1 (patch_embed.proj.weight, ...)' in report[0]
    assert 'dropped: 2 (head.weight, ...)' in report[0]


def test_distillation_token_is_dropped_with_its_position(monkeypatch, report):
    vit = image_vit(cls=timm.models.deit.VisionTransformerDistilled)
    monkeypatch.setattr(timm, 'create_model', lambda name, pretrained: vit)
    size = dict(num_mel_bins=32, num_frames=32)
    with_dist = from_checkpoint(ASTEncoder, 'timm://d', distilled=True, **size)
    without = from_checkpoint(ASTEncoder, 'timm://d', **size)
    assert with_dist.dist_token.equal(vit.dist_token)
    assert with_dist.pos_embed.equal(vit.pos_embed)
    assert without.pos_embed.equal(vit.pos_embed[:, [0, 2, 3, 4, 5]])
    assert 'dropped: 5 (head.weight, ...)' in report[1]  # two heads and the token


def test_distillation_token_that_the_file_lacks_keeps_its_initial_value(timm_vit, report):
    torch.manual_seed(0)
    fresh = ASTEncoder(distilled=True, num_mel_bins=32, num_frames=32, **SMALL)
    torch.manual_seed(0)
    network = from_checkpoint(
        ASTEncoder, 'timm://tiny', distilled=True, num_mel_bins=32, num_frames=32
    )
    assert network.dist_token.equal(fresh.dist_token)
    assert network.pos_embed[:, 1].equal(fresh.pos_embed[:, 1])
    assert network.pos_embed[:, [0, 2, 3, 4, 5]].equal(timm_vit.pos_embed)
    assert 'left at the initial value: 1 (dist_token, ...)' in report[0]


def test_official_ast_of_another_length(tmp_path):
    """The 16 x 16 checkpoint's 8 x 64 grid: the middle of time is cut out."""
    official = ASTEncoder(distilled=True, num_frames=1024, **SMALL)
    weights = {f'module.v.{name}': tensor for name, tensor in official.state_dict().items()}
    weights['module.mlp_head.1.bias'] = torch.zeros(527)
    torch.save(weights, tmp_path / 'audioset.pth')
    network = from_checkpoint(ASTEncoder, tmp_path / 'audioset.pth', num_frames=256)
    expected = official.pos_embed[:, 2:].view(1, 8, 64, 24)[:, :, 24:40].reshape(1, 128, 24)
    assert network.pos_embed[:, 1:].equal(expected)
    assert network.pos_embed[:, :1].equal(official.pos_embed[:, :1])
    assert network.patch_embed.proj.weight.equal(official.patch_embed.proj.weight)


def test_official_ast_of_another_stride_does_not_fit(tmp_path):
    official = ASTEncoder(distilled=True, num_frames=100, stride=10, **SMALL)  # 12 x 9 grid
    torch.save(official.state_dict(), tmp_path / 'audioset.pth')
    with pytest.raises(ConfigError, match=r'shape: pos_embed \(1, 110, 24\) instead of'):
        from_checkpoint(ASTEncoder, tmp_path / 'audioset.pth', num_frames=256)


def test_fit_audio_positions():
    freq, time = torch.meshgrid(torch.arange(6.0), torch.arange(4.0), indexing='ij')
    positions = torch.stack([freq, time], dim=-1).reshape(1, 24, 2)
    fitted = fit_audio_positions(positions, (6, 4), (3, 8)).view(3, 8, 2)
    assert fitted[:, 0, 0].tolist() == [2, 3, 4]  # rows 3 - 3 // 2 ...
    expected = F.interpolate(torch.arange(4.0).view(1, 1, 4), size=8, mode='linear').flatten()
    torch.testing.assert_close(fitted[1, :, 1], expected)
    same = fit_audio_positions(positions, (6, 4), (6, 4))
    assert same.equal(positions)
