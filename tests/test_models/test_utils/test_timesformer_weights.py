import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.utils import ConfigError

SMALL = dict(embed_dims=24, depth=2, num_heads=3)


def test_image_transformer_in_a_timesformer(timm_vit, from_checkpoint, table):
    network = from_checkpoint(TimeSformer, 'timm://tiny', img_size=32)
    source, target = timm_vit.state_dict(), network.state_dict()
    for name, tensor in target.items():
        if 'temporal_fc' in name or name == 'time_embed':
            assert tensor.eq(0).all(), name
        else:
            image_name = name.replace('temporal_attn', 'attn').replace('temporal_norm1', 'norm1')
            assert tensor.equal(source[image_name]), name
    # The image transformer has 32 tensors, two of them in its head.
    assert table.texts[0].startswith(
        'TimeSformer: 42 tensors from timm://tiny (transformer with the names of timm)\n'
    )
    assert table('copied again') == [
        'copied again blocks.*.norm1.{weight,bias} blocks.*.temporal_norm1.{weight,bias} 4',
        'copied again blocks.*.attn.qkv.{weight,bias} blocks.*.temporal_attn.qkv.{weight,bias} 4',
        'copied again blocks.*.attn.proj.{weight,bias} '
        'blocks.*.temporal_attn.proj.{weight,bias} 4',
    ]
    assert table('left at') == [
        'left at its initial value time_embed 1',
        'left at its initial value blocks.*.temporal_fc.{weight,bias} 4',
    ]
    assert table('dropped') == ['dropped head.* 2']


def test_it_computes_as_the_image_transformer_on_a_still_clip(timm_vit, from_checkpoint):
    network = from_checkpoint(TimeSformer, 'timm://tiny', img_size=32)
    image = torch.randn(2, 3, 32, 32)
    expected = timm_vit.forward_features(image)[:, 0]
    clip = image[:, :, None].repeat(1, 1, 8, 1, 1)
    torch.testing.assert_close(network(clip), expected, atol=1e-4, rtol=1e-4)


def test_positions_of_another_grid_are_interpolated_in_two_dimensions(
    timm_vit, from_checkpoint, table
):
    positions = torch.zeros(1, 5, 24)
    positions[0, 0] = 7.0
    positions[0, 1:, 0] = torch.tensor([0.0, 0.0, 1.0, 1.0])  # depends on the row alone
    timm_vit.pos_embed.data = positions
    network = from_checkpoint(TimeSformer, 'timm://tiny', img_size=64)
    assert network.pos_embed[0, 0].eq(7).all()
    grid = network.pos_embed[0, 1:, 0].view(4, 4)
    torch.testing.assert_close(grid, grid[:, :1].expand(4, 4))
    assert (grid[:, 0].diff() > 0).all()
    assert table('resized') == ['resized 2x2 to 4x4 pos_embed pos_embed 1']


def test_image_transformer_in_a_joint_timesformer(timm_vit, from_checkpoint):
    network = from_checkpoint(TimeSformer, 'timm://tiny', 'joint', img_size=32)
    assert network.time_embed.eq(0).all()
    assert network.blocks[1].mlp.fc1.weight.equal(timm_vit.blocks[1].mlp.fc1.weight)


def test_frame_encoder_of_ours_in_a_divided_timesformer(tmp_path, from_checkpoint):
    """A space-only network, trained on stills, is an image transformer."""
    stills = TimeSformer('space_only', img_size=32, **SMALL)
    save_file(stills.state_dict(), tmp_path / 'stills.safetensors')
    network = from_checkpoint(TimeSformer, tmp_path / 'stills.safetensors', img_size=32)
    clip = torch.randn(2, 3, 8, 32, 32)
    torch.testing.assert_close(network(clip[:, :, :1]), stills.eval()(clip[:, :, :1]))


def save_video_transformer(path, **kwargs):
    torch.manual_seed(0)
    trained = TimeSformer(img_size=32, num_frames=4, **{**SMALL, **kwargs})
    for parameter in trained.parameters():
        nn.init.normal_(parameter)
    weights = {f'model.{name}': tensor for name, tensor in trained.state_dict().items()}
    weights['model.head.weight'] = torch.ones(3, 24)
    torch.save({'epoch': 3, 'model_state': weights}, path)
    return trained


def test_video_transformer_keeps_its_temporal_weights(tmp_path, from_checkpoint, table):
    trained = save_video_transformer(tmp_path / 'video.pyth')
    same = from_checkpoint(TimeSformer, tmp_path / 'video.pyth', img_size=32, num_frames=4)
    torch.testing.assert_close(same.state_dict(), trained.state_dict(), atol=0, rtol=0)
    longer = from_checkpoint(TimeSformer, tmp_path / 'video.pyth', img_size=32, num_frames=8)
    assert longer.time_embed.equal(trained.time_embed.repeat_interleave(2, dim=1))
    assert table('resized') == ['resized 4 to 8 model.time_embed time_embed 1']
    assert table('dropped') == ['dropped head.* 1']


def test_joint_network_in_a_divided_one_keeps_its_times(tmp_path, from_checkpoint):
    trained = save_video_transformer(tmp_path / 'joint.pyth', attention_type='joint')
    network = from_checkpoint(TimeSformer, tmp_path / 'joint.pyth', img_size=32, num_frames=4)
    assert network.time_embed.equal(trained.time_embed)
    assert network.blocks[1].temporal_fc.weight.eq(0).all()
    assert network.blocks[1].temporal_attn.qkv.weight.equal(trained.blocks[1].attn.qkv.weight)


def test_misfits_name_the_tensors(tmp_path, from_checkpoint, table):
    weights = TimeSformer(img_size=32, **SMALL).state_dict()
    del weights['blocks.1.temporal_fc.bias']
    torch.save(weights, tmp_path / 'part.pth')
    with pytest.raises(ConfigError, match=r'missing: blocks\.1\.temporal_fc\.bias'):
        from_checkpoint(TimeSformer, tmp_path / 'part.pth', img_size=32)
    with pytest.raises(ConfigError, match=r'unexpected: blocks\.0\.temporal_attn\.proj\.bias'):
        from_checkpoint(TimeSformer, tmp_path / 'part.pth', 'joint', img_size=32)
    allowed = dict(allow=['blocks.1.temporal_fc.bias'])
    from_checkpoint(TimeSformer, tmp_path / 'part.pth', img_size=32, init_cfg=allowed)
    assert table('left at') == ['left at its initial value blocks.*.temporal_fc.bias 1']


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(embed_dims=48), 'embed_dims=24, but the config has embed_dims=48'),
        (dict(depth=3), 'depth=2, but the config has depth=3'),
        (dict(patch_size=8), 'patch_size=16, but the config has patch_size=8'),
        (
            dict(embed_dims=48, depth=1),
            'embed_dims=24, depth=2, but the config has embed_dims=48, depth=1',
        ),
    ],
)
def test_another_size_is_said_in_arguments(timm_vit, from_checkpoint, change, message):
    with pytest.raises(ConfigError) as info:
        from_checkpoint(TimeSformer, 'timm://tiny', img_size=32, **change)
    assert str(info.value) == (
        'timm://tiny (`init_cfg.checkpoint`) does not fit TimeSformer: it is a transformer of '
        f'another size: {message}. Take a file of this size, or set these in the config.'
    )


def test_audio_transformer_is_refused(tmp_path, from_checkpoint):
    torch.save(ASTEncoder(num_frames=64, **SMALL).state_dict(), tmp_path / 'audio.pth')
    with pytest.raises(
        ConfigError, match=r'audio\.pth .*it is a transformer over spectrograms.*`audio_backbone`'
    ):
        from_checkpoint(TimeSformer, tmp_path / 'audio.pth', img_size=32)


def test_distillation_token_is_dropped_with_its_position(timm_deit, from_checkpoint, table):
    network = from_checkpoint(TimeSformer, 'timm://distilled', img_size=32)
    assert network.pos_embed.equal(timm_deit.pos_embed[:, [0, 2, 3, 4, 5]])
    assert 'dropped dist_token 1' in table('dropped')
    assert table('without') == ['without that of dist_token pos_embed pos_embed 1']


def test_weights_are_loaded_once(timm_vit, from_checkpoint):
    network = from_checkpoint(TimeSformer, 'timm://tiny', img_size=32)
    nn.init.ones_(network.cls_token)
    network.init_weights()
    assert network.cls_token.eq(1).all()
