import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.backbones import ASTEncoder
from mmavssl.registry import BACKBONES

DATA = Path(__file__).parents[2] / 'data'
TOLERANCE = dict(atol=1e-5, rtol=1e-5)


@pytest.fixture(scope='module')
def numbers():
    with np.load(DATA / 'parity_ast.npz') as arrays:
        return {key: arrays[key] for key in arrays.files}


def formula(name, shape):
    """Return the weight that the fixture's network had under this name."""
    draw = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith('.weight') and len(shape) == 1:
        value = draw.uniform(0.5, 1.5, shape)
    elif name.endswith('.bias') and len(shape) == 1:
        value = 0.1 * draw.standard_normal(shape)
    elif name.endswith(('pos_embed', 'cls_token', 'dist_token')):
        value = 0.5 * draw.standard_normal(shape)
    else:
        value = draw.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(value.astype(np.float32))


@pytest.mark.usefixtures('attention_form')
@pytest.mark.parametrize(('case', 'stride', 'num_frames'), [('s16', 16, 64), ('s10', 10, 60)])
@torch.no_grad()
def test_parity_with_the_original(numbers, case, stride, num_frames):
    network = ASTEncoder(
        192, depth=2, num_heads=3, num_frames=num_frames, stride=stride, distilled=True
    ).eval()
    weights = {
        name: formula(f'v.{name}', tuple(tensor.shape))
        for name, tensor in network.state_dict().items()
    }
    network.load_state_dict(weights)
    expected = {
        name.removeprefix(f'{case}/'): torch.from_numpy(value)
        for name, value in numbers.items()
        if name.startswith(f'{case}/')
    }
    assert list(network.grid) == expected['grid_freq_time'].tolist()
    tokens = network.embed(expected['input'])
    torch.testing.assert_close(tokens[:, ::3], expected['patch_tokens'], **TOLERANCE)
    normed = network.encode_tokens(tokens)
    torch.testing.assert_close(normed[:, :4], expected['norm_out'], **TOLERANCE)

    feature = network(expected['input'])
    torch.testing.assert_close(feature, (normed[:, 0] + normed[:, 1]) / 2, **TOLERANCE)
    head = {
        name: formula(f'mlp_head.{name}', shape)
        for name, shape in {
            '0.weight': (192,), '0.bias': (192,), '1.weight': (5, 192), '1.bias': (5,),
        }.items()
    }  # fmt: skip
    hidden = F.layer_norm(feature, (192,), head['0.weight'], head['0.bias'], eps=1e-5)
    logits = F.linear(hidden, head['1.weight'], head['1.bias'])
    torch.testing.assert_close(logits, expected['logits'], **TOLERANCE)


def test_official_names_and_shapes(numbers):
    with torch.device('meta'):
        network = ASTEncoder(num_frames=1024, stride=10, distilled=True)
    ours = {f'v.{name}': str(tuple(t.shape)) for name, t in network.state_dict().items()}
    official = dict(zip(numbers['base_keys'], numbers['base_shapes'], strict=True))
    heads = ('v.head', 'mlp_head')
    assert ours == {name: s for name, s in official.items() if not name.startswith(heads)}


@pytest.mark.parametrize(
    ('num_frames', 'stride', 'distilled', 'total'),
    [
        (256, 16, False, 85_353_216),  # the paper's
        (256, 16, True, 85_354_752),
        (256, 10, True, 85_486_848),
        (1024, 10, True, 86_187_264),
    ],
)
def test_published_sizes(num_frames, stride, distilled, total):
    with torch.device('meta'):
        network = ASTEncoder(num_frames=num_frames, stride=stride, distilled=distilled)
    assert sum(parameter.numel() for parameter in network.parameters()) == total


def small(**kwargs):
    torch.manual_seed(0)
    return ASTEncoder(24, depth=1, num_heads=3, num_mel_bins=32, num_frames=48, **kwargs)


def test_feature_is_the_class_token():
    network = small()
    logmel = torch.randn(2, 48, 32)
    tokens = network.encode_tokens(network.embed(logmel))
    assert tokens.shape == (2, 1 + 2 * 3, 24)
    torch.testing.assert_close(network(logmel), tokens[:, 0], atol=0, rtol=0)


def test_tokens_are_frequency_major():
    network = small()
    logmel = torch.randn(2, 48, 32)
    proj = network.patch_embed.proj
    patch = logmel[1, 32:48, 16:32].T  # third in time, second in frequency; rows are mel bins
    expected = (proj.weight[:, 0] * patch).sum(dim=(1, 2)) + proj.bias
    torch.testing.assert_close(network.embed(logmel)[1, 1 * 3 + 2], expected, **TOLERANCE)


def test_initial_values():
    network = small(distilled=True)
    for token in (network.cls_token, network.dist_token, network.pos_embed):
        assert 0.01 < token.std() < 0.03
    assert network.blocks[0].mlp.fc1.bias.eq(0).all()


def test_errors():
    with pytest.raises(ValueError, match=r'= \(48, 32\), but got \(32, 48\)'):
        small()(torch.randn(1, 32, 48))
    with pytest.raises(ValueError, match='at least `patch_size`=16, but got 8 and 48'):
        ASTEncoder(num_mel_bins=8, num_frames=48)


def test_builds_from_a_config():
    network = BACKBONES.build(
        dict(type='ASTEncoder', embed_dims=12, depth=1, num_heads=2, num_frames=32)
    )
    network.init_weights()
    assert network(torch.randn(2, 32, 128)).shape == (2, 12)
