"""TimeSformer's and SVFormer's checkpoints give their own numbers, as they are and converted."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mmavssl.models.backbones import TimeSformer
from mmavssl.registry import MODELS, SSL_ALGORITHMS
from mmavssl.utils.checkpoints import check_checkpoint_fits
from tests.fidelity import published

DATA = Path(__file__).parents[1] / 'data'
TOLERANCE = dict(atol=1e-5, rtol=1e-5)
SIZE = dict(img_size=32, num_frames=4, embed_dims=48, depth=2, num_heads=3)
SVFORMER_HEAD = {'model.head.weight': 'head.weight', 'model.head.bias': 'head.bias'}


def fixture(name):
    with np.load(DATA / f'parity_{name}.npz') as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays.files}


@pytest.fixture(scope='module')
def numbers():
    return fixture('timesformer')


@pytest.fixture(params=['timesformer', 'svformer'])
def official(request, numbers, tmp_path):
    """The file of one of the two codes with the weights of the fixture."""
    state = {n.removeprefix('sd/'): t for n, t in numbers.items() if n.startswith('sd/')}
    if request.param == 'svformer':
        state = {SVFORMER_HEAD.get(name, name): tensor for name, tensor in state.items()}
    path = tmp_path / f'{request.param}.pyth'
    torch.save({'epoch': 30, 'model_state': state, 'optimizer_state': {}, 'cfg': 'A: 1'}, path)
    return request.param, path


def backbone(checkpoint):
    network = TimeSformer(init_cfg=dict(type='Pretrained', checkpoint=str(checkpoint)), **SIZE)
    network.init_weights()
    return network.eval()


def recognizer_cfg():
    return dict(
        type='AVRecognizer',
        backbone=dict(type='TimeSformer', **SIZE),
        head=dict(type='ClsHead', in_channels=48, num_classes=5),
    )


@pytest.mark.parametrize('is_converted', [False, True])
@torch.no_grad()
def test_features(official, numbers, convert, tmp_path, is_converted):
    tool, path = official
    if is_converted:
        assert convert(tool, path, tmp_path / 'ours.pth') == 0
        path = tmp_path / 'ours.pth'
    network = backbone(path)
    for case in ('', 'interp/'):
        feature = network(numbers[f'{case}input'])
        torch.testing.assert_close(feature, numbers[f'{case}cls_feat'], **TOLERANCE)
    mix = fixture('svformer_mix')
    torch.testing.assert_close(network(mix['clips']), mix['plain_cls_feat'], **TOLERANCE)


@torch.no_grad()
def test_logits_of_the_converted_recognizer(official, numbers, convert, tmp_path):
    tool, path = official
    assert convert(tool, path, tmp_path / 'ours.pth', '--teacher') == 0
    state = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    for network in ('student', 'teacher'):
        recognizer = MODELS.build(recognizer_cfg()).eval()
        prefix = f'{network}.'
        recognizer.load_state_dict(
            {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}
        )
        logits = recognizer(numbers['input']).logits
        torch.testing.assert_close(logits, numbers['logits'], **TOLERANCE)


@pytest.mark.parametrize('algorithm', ['SupervisedRecognizer', 'SemiSupervisedRecognizer'])
def test_the_test_tool_would_take_it(official, convert, tmp_path, algorithm):
    """The check of tools/test.py passes: all parameters of the algorithm are there."""
    tool, path = official
    is_semi = algorithm == 'SemiSupervisedRecognizer'
    teacher = ['--teacher'] if is_semi else []
    assert convert(tool, path, tmp_path / 'ours.pth', *teacher) == 0
    threshold = dict(threshold=dict(type='FixedThreshold', threshold=0.3)) if is_semi else {}
    model = SSL_ALGORITHMS.build(dict(type=algorithm, student=recognizer_cfg(), **threshold))
    check_checkpoint_fits(model, str(tmp_path / 'ours.pth'))


@pytest.mark.parametrize(
    ('frames', 'side'), [(8, 14), (16, 28), (96, 14)], ids=['8x32', 'HR', 'L']
)
def test_published_variants(convert, tmp_path, frames, side):
    """The geometry of 8x32, HR (16 of 448²) and L (96 of 224²) is read off the file."""
    state = published.timesformer(dims=64, frames=frames, patches=side**2)
    torch.save({'model_state': state}, tmp_path / 'a.pyth')
    assert convert('timesformer', tmp_path / 'a.pyth', tmp_path / 'ours.pth') == 0
    ours = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    assert ours['student.backbone.time_embed'].equal(state['model.time_embed'])
    assert ours['student.backbone.pos_embed'].equal(state['model.pos_embed'])
    settings = ('--set', 'num_frames=8', 'img_size=224')
    assert convert('timesformer', tmp_path / 'a.pyth', tmp_path / 'small.pth', *settings) == 0
    small = torch.load(tmp_path / 'small.pth', weights_only=True)['state_dict']
    assert small['student.backbone.time_embed'].equal(state['model.time_embed'][:, :: frames // 8])
    assert small['student.backbone.pos_embed'].shape == (1, 197, 64)
