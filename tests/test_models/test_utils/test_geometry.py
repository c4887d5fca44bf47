import pytest
import torch

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.geometry import ast_arguments, build_network, timesformer_arguments
from mmavssl.utils.errors import ConfigError

SMALL = dict(embed_dims=128, depth=3, num_heads=2)


@pytest.mark.parametrize(
    'arguments',
    [
        dict(attention_type='divided', img_size=448, num_frames=16, patch_size=16),
        dict(attention_type='joint', img_size=64, num_frames=5, patch_size=8),
    ],
)
def test_video_transformer_as_it_was_built(arguments):
    state = TimeSformer(**arguments, **SMALL).state_dict()
    assert timesformer_arguments(state) == {**arguments, **SMALL}


def test_image_transformer_gets_the_size_of_our_configs():
    state = TimeSformer('space_only', img_size=224, **SMALL).state_dict()
    assert timesformer_arguments(state) == dict(
        attention_type='space_only', img_size=224, num_frames=8, patch_size=16, **SMALL
    )
    assert ast_arguments(state) == dict(
        distilled=False, num_mel_bins=128, num_frames=256, stride=16, patch_size=16, **SMALL
    )


@pytest.mark.parametrize(('frames', 'stride'), [(1024, 16), (1024, 10), (1024, 12), (64, 16)])
@pytest.mark.parametrize('distilled', [False, True])
def test_audio_transformer_as_it_was_built(frames, stride, distilled):
    with torch.device('meta'):
        network = ASTEncoder(num_frames=frames, stride=stride, distilled=distilled, **SMALL)
    again = ast_arguments(network.state_dict())
    assert again['stride'] == stride
    assert again['distilled'] is distilled
    with torch.device('meta'):
        assert ASTEncoder(**again).grid == network.grid


def test_part_of_a_network():
    state = TimeSformer(img_size=32, **SMALL).state_dict()
    del state['patch_embed.proj.weight']
    with pytest.raises(MisfitError, match='it lacks the embedding of the patches'):
        timesformer_arguments(state)


def test_arguments_that_the_user_changes():
    network = build_network(TimeSformer, dict(img_size=32, **SMALL), dict(depth=1))
    assert len(network.blocks) == 1
    with pytest.raises(ConfigError, match=r'--set: TimeSformer has no frames, x\. It has'):
        build_network(TimeSformer, SMALL, dict(x=1, frames=2))
    with pytest.raises(ConfigError, match='--set: Expected `attention_type`'):
        build_network(TimeSformer, SMALL, dict(attention_type='none'))
    with pytest.raises(ConfigError, match='--set: '):
        build_network(TimeSformer, SMALL, dict(depth='many'))
