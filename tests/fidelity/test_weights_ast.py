"""AST's checkpoints give AST's own numbers, as they are and converted, and by both their names."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.backbones import ASTEncoder

DATA = Path(__file__).parents[1] / 'data'
TOLERANCE = dict(atol=1e-5, rtol=1e-5)
CASES = {'s16': dict(num_frames=64, stride=16), 's10': dict(num_frames=60, stride=10)}


def formula(name, shape):
    """Return the weight that the original network had under this name."""
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


@pytest.fixture(params=CASES)
def case(request):
    """Numbers of the original network, and the whole of its checkpoint."""
    with np.load(DATA / 'parity_ast.npz') as arrays:
        numbers = {
            name.removeprefix(f'{request.param}/'): torch.from_numpy(arrays[name])
            for name in arrays.files
            if name.startswith(f'{request.param}/')
        }
        names = arrays['keys'].tolist()
        shapes = dict(zip(names, map(eval_shape, arrays['shapes']), strict=True))
    num_patches = int(numbers['grid_freq_time'].prod())
    shapes['v.pos_embed'] = (1, 2 + num_patches, 192)
    state = {f'module.{name}': formula(name, shape) for name, shape in shapes.items()}
    return CASES[request.param], numbers, state


def eval_shape(text):
    return tuple(int(size) for size in str(text).strip('(),').split(','))


def as_hugging_face(state):
    """Rename and split a checkpoint of AST's code by hand."""
    net = 'audio_spectrogram_transformer'
    renamed = {}
    for name, tensor in state.items():
        name = name.removeprefix('module.')
        if name.startswith(('v.head.', 'v.head_dist.')):
            continue
        if name.startswith('mlp_head.'):
            name = name.replace('mlp_head.0', 'classifier.layernorm')
            renamed[name.replace('mlp_head.1', 'classifier.dense')] = tensor
            continue
        name = name.removeprefix('v.')
        if name.startswith('blocks.'):
            _, number, rest = name.split('.', 2)
            block = f'{net}.encoder.layer.{number}'
            if rest.startswith('attn.qkv'):
                kind = rest.rpartition('.')[2]
                third = len(tensor) // 3
                for i, part in enumerate(('query', 'key', 'value')):
                    rows = tensor[i * third : (i + 1) * third].clone()
                    renamed[f'{block}.attention.attention.{part}.{kind}'] = rows
                continue
            for old, new in {
                'norm1': 'layernorm_before', 'norm2': 'layernorm_after',
                'attn.proj': 'attention.output.dense', 'mlp.fc1': 'intermediate.dense',
                'mlp.fc2': 'output.dense',
            }.items():  # fmt: skip
                rest = rest.replace(old, new)
            renamed[f'{block}.{rest}'] = tensor
        else:
            for old, new in {
                'cls_token': 'embeddings.cls_token', 'pos_embed': 'embeddings.position_embeddings',
                'dist_token': 'embeddings.distillation_token', 'norm': 'layernorm',
                'patch_embed.proj': 'embeddings.patch_embeddings.projection',
            }.items():  # fmt: skip
                if name.startswith(old):
                    name = name.replace(old, new, 1)
                    break
            renamed[f'{net}.{name}'] = tensor
    return renamed


def encoder(checkpoint, size, distilled=True):
    init_cfg = dict(type='Pretrained', checkpoint=str(checkpoint))
    network = ASTEncoder(192, depth=2, num_heads=3, distilled=distilled, init_cfg=init_cfg, **size)
    network.init_weights()
    return network.eval()


@pytest.mark.parametrize('names', ['official', 'hugging face'])
@pytest.mark.parametrize('is_converted', [False, True])
@torch.no_grad()
def test_features(case, convert, tmp_path, names, is_converted):
    size, numbers, state = case
    torch.save(state if names == 'official' else as_hugging_face(state), tmp_path / 'a.pth')
    path = tmp_path / 'a.pth'
    if is_converted:
        settings = [f'{key}={value}' for key, value in size.items()]
        assert convert('ast', path, tmp_path / 'ours.pth', '--set', *settings) == 0
        path = tmp_path / 'ours.pth'
    network = encoder(path, size)
    normed = network.encode_tokens(network.embed(numbers['input']))
    torch.testing.assert_close(normed[:, :4], numbers['norm_out'], **TOLERANCE)
    head = {name: state[f'module.mlp_head.{name}'] for name in ('0.weight', '0.bias')}
    hidden = F.layer_norm(network(numbers['input']), (192,), head['0.weight'], head['0.bias'])
    logits = F.linear(hidden, state['module.mlp_head.1.weight'], state['module.mlp_head.1.bias'])
    torch.testing.assert_close(logits, numbers['logits'], **TOLERANCE)


@torch.no_grad()
def test_class_token_alone_is_that_network_without_the_other_token(case, tmp_path):
    size, numbers, state = case
    torch.save(state, tmp_path / 'a.pth')
    whole = encoder(tmp_path / 'a.pth', size)
    alone = encoder(tmp_path / 'a.pth', size, distilled=False)
    tokens = whole.embed(numbers['input']) + whole.pos_embed[:, 2:]
    token = (whole.cls_token + whole.pos_embed[:, :1]).expand(len(tokens), -1, -1)
    x = torch.cat([token, tokens], dim=1)
    for block in whole.blocks:
        x = block(x)
    torch.testing.assert_close(alone(numbers['input']), whole.norm(x)[:, 0], **TOLERANCE)
