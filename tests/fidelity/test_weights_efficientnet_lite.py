"""EfficientNet-Lite by its published names and by timm's.

The published file gives the very outputs of its own network through timm's (measured); it is too
large for this repository, so that files of random numbers take its place here.
"""

import re

import pytest
import timm
import torch

from mmavssl.models.backbones import TimmFrameEncoder
from mmavssl.models.utils.efficientnet_lite_weights import to_timm

STAGES = (1, 2, 2, 3, 3, 4, 1)  # blocks of the published network
EXPANDED = {'conv_pw': '_expand_conv', 'bn1': '_bn0', 'conv_dw': '_depthwise_conv', 'bn2': '_bn1',
            'conv_pwl': '_project_conv', 'bn3': '_bn2'}  # fmt: skip
FIRST = {'conv_dw': '_depthwise_conv', 'bn1': '_bn1', 'conv_pw': '_project_conv', 'bn2': '_bn2'}
OUTSIDE = {'conv_stem': '_conv_stem', 'bn1': '_bn0', 'conv_head': '_conv_head', 'bn2': '_bn1',
           'classifier': '_fc'}  # fmt: skip


def published_name(name):
    match = re.fullmatch(r'blocks\.(\d)\.(\d)\.(\w+)\.(\w+)', name)
    if not match:
        layer, value = name.split('.')
        return f'{OUTSIDE[layer]}.{value}'
    stage, block = int(match[1]), int(match[2])
    layers = FIRST if stage == 0 else EXPANDED
    return f'_blocks.{sum(STAGES[:stage]) + block}.{layers[match[3]]}.{match[4]}'


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return timm.create_model('tf_efficientnet_lite0').eval()


@pytest.fixture
def published(network):
    return {published_name(name): value for name, value in network.state_dict().items()}


def test_every_tensor_finds_its_place(network, published):
    assert len(published) == 296
    converted = to_timm(published)
    for name, value in network.state_dict().items():
        assert torch.equal(converted[name], value), name


def test_tool_writes_what_the_frame_encoder_loads(convert, network, published, tmp_path):
    torch.save(published, tmp_path / 'published.pth')
    out = tmp_path / 'lite0.safetensors'
    assert convert('efficientnet_lite', tmp_path / 'published.pth', out) == 0
    encoder = TimmFrameEncoder(
        'tf_efficientnet_lite0', init_cfg=dict(type='Pretrained', checkpoint=str(out))
    ).eval()
    encoder.init_weights()
    frames = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = network.forward_head(network.forward_features(frames), pre_logits=True)
        feature = encoder(frames.transpose(0, 1)[None])
    torch.testing.assert_close(feature[0], expected.mean(dim=0))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda file: file.pop('_fc.bias'), r'classifier\.bias is missing'),
        (lambda file: file.update({'_extra.weight': torch.zeros(1)}), r'_extra\.weight is no'),
        (lambda file: file.update({'_fc.bias': torch.zeros(7)}), r'classifier\.bias is \(7,\)'),
    ],
)
def test_files_that_do_not_fit(convert, published, tmp_path, capsys, change, message):
    change(published)
    torch.save(published, tmp_path / 'published.pth')
    assert convert('efficientnet_lite', tmp_path / 'published.pth', tmp_path / 'out.pth') != 0
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / 'out.pth').exists()
