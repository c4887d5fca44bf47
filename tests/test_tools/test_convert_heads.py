"""Heads of recognizers: what is converted is a linear layer over the backbone's features."""

import pytest
import torch

from tests.fidelity import published
from tests.test_tools.converting import error, read, rows, save


def test_audio_visual_head_is_no_svformer(convert, capsys):
    save('a.pyth', published.svformer(), 'model_state')
    assert convert('svformer', 'a.pyth', 'ours.pth') == 0
    content = torch.load('ours.pth', weights_only=True)
    content['state_dict']['student.fusion.norm.weight'] = torch.ones(128)
    content['state_dict']['student.audio_backbone.norm.weight'] = torch.ones(128)
    torch.save(content, 'av.pth')
    line = error(convert, capsys, 'svformer', 'av.pth', 'x.pyth', '--to-official')
    assert line == (
        'av.pth: its head is over the fusion of video and sound. A backbone without its head is '
        "written with --allow 'head.*'."
    )
    allowed = ('--to-official', '--allow', 'head.*')
    assert convert('svformer', 'av.pth', 'x.pyth', *allowed) == 0
    assert rows(capsys, 'dropped') == [
        'dropped student.fusion.* 1', 'dropped student.audio_backbone.* 1', 'dropped head.* 2',
    ]  # fmt: skip
    assert len(read('x.pyth', 'model_state')) == 47


def test_backbone_without_a_head(convert, capsys):
    save('vit.pth', published.timm_vit())
    assert convert('vit', 'vit.pth', 'ours.pth') == 0
    line = error(convert, capsys, 'svformer', 'ours.pth', 'x.pyth', '--to-official')
    assert line.startswith('ours.pth: it has no head. A backbone without its head is written with')
    args = ('ours.pth', 'x.pyth', '--to-official', '--allow', 'head.*')
    assert convert('svformer', *args) == 0
    assert len(read('x.pyth', 'model_state')) == 47


def change_head(tool, **change):
    """A checkpoint of TimeSformer's or SVFormer's code with another head."""
    prefix = 'model.' if tool == 'timesformer' else ''
    state = getattr(published, tool)()
    state |= {f'{prefix}head.{name}': tensor for name, tensor in change.items()}
    return {name: tensor for name, tensor in state.items() if tensor is not None}


@pytest.mark.parametrize('tool', ['timesformer', 'svformer'])
@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(bias=None), 'missing: head.bias'),
        (dict(extra=torch.zeros(2)), 'unexpected: head.extra'),
        (
            dict(weight=torch.zeros(7, 1000)),
            'of another shape: head.weight (7, 1000) instead of (7, 128)',
        ),
        (dict(bias=torch.zeros(6)), 'of another shape: head.bias (6,) instead of (7,)'),
        (
            dict(weight=torch.zeros(()), bias=torch.zeros(())),
            'of another shape: head.bias () instead of (0,), head.weight () instead of (0, 128)',
        ),
    ],
)
def test_head_that_is_no_linear_layer_over_the_features(convert, capsys, tool, change, message):
    save('a.pyth', change_head(tool, **change), 'model_state')
    line = error(convert, capsys, tool, 'a.pyth', 'x.pth')
    assert line == (
        f'a.pyth: its head does not fit its 128 channels: {message}. A backbone without its head '
        "is written with --allow 'head.*'."
    )
    assert convert(tool, 'a.pyth', 'x.pth', '--allow', 'head.*') == 0
    state = read('x.pth', 'state_dict')
    assert len(state) == 47
    assert not any('head' in name for name in state)


def test_official_file_without_a_head(convert, capsys):
    save('a.pyth', change_head('timesformer', weight=None, bias=None), 'model_state')
    line = error(convert, capsys, 'timesformer', 'a.pyth', 'x.pth')
    assert line.startswith('a.pyth: it has no head. A backbone without its head is written with')
    assert convert('timesformer', 'a.pyth', 'x.pth', '--allow', 'head.*') == 0


@pytest.mark.parametrize(
    ('name', 'tensor', 'message'),
    [
        ('head.fc.bias', None, 'does not fit its 128 channels: missing: head.bias'),
        ('head.fc.weight', torch.zeros(7, 256), 'head.weight (7, 256) instead of (7, 128)'),
        ('head.norm.weight', torch.ones(128), 'has more than a linear layer: head.norm.weight'),
        ('head.fc.scale', torch.ones(128), 'has more than a linear layer: head.fc.scale'),
    ],
)
@pytest.mark.parametrize('tool', ['timesformer', 'svformer'])
def test_head_of_ours_that_theirs_cannot_be(convert, capsys, tool, name, tensor, message):
    save('a.pyth', getattr(published, tool)(), 'model_state')
    assert convert(tool, 'a.pyth', 'ours.pth') == 0
    content = torch.load('ours.pth', weights_only=True)
    content['state_dict'][f'student.{name}'] = tensor
    content['state_dict'] = {n: t for n, t in content['state_dict'].items() if t is not None}
    torch.save(content, 'changed.pth')
    line = error(convert, capsys, tool, 'changed.pth', 'x.pyth', '--to-official')
    assert line.startswith('changed.pth: its head ')
    assert message in line
    args = ('changed.pth', 'x.pyth', '--to-official', '--allow', 'head.*')
    assert convert(tool, *args) == 0
    assert len(read('x.pyth', 'model_state')) == 47
