import pytest
import torch

from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.layouts import LAYOUTS
from mmavssl.models.utils.layouts.layout import Layout
from mmavssl.models.utils.layouts.rule import joined, renamed
from mmavssl.models.utils.report import Report
from tests.fidelity import published

LAYOUT = Layout(
    name='x',
    title='X',
    marks=(('net.q.0.a', 'b'), ('c',)),
    prefix='net.',
    no_place=('head.*',),
    rules=(joined('blocks.{i}.ab', 'net.blocks.{i}.a', 'net.blocks.{i}.b'), renamed('c', 'see')),
)


def numbers(*names):
    return {name: torch.tensor([float(i)]) for i, name in enumerate(names)}


def test_marks_are_alternatives_of_names_that_are_all_there():
    assert LAYOUT.recognizes({'net.q.0.a', 'b', 'z'})
    assert LAYOUT.recognizes({'c'})
    assert not LAYOUT.recognizes({'b'})


def test_to_ours_and_back():
    names = ('net.blocks.1.a', 'net.blocks.1.b', 'net.blocks.0.a', 'net.blocks.0.b', 'see')
    source, report = numbers(*names, 'net.d', 'head.w'), Report()
    state, rest = LAYOUT.to_ours(source, report)
    assert {name: tensor.tolist() for name, tensor in state.items()} == {
        'blocks.0.ab': [2, 3], 'blocks.1.ab': [0, 1], 'c': [4], 'd': [5],
    }  # fmt: skip
    assert {name: tensor.tolist() for name, tensor in rest.items()} == {'head.w': [6]}
    assert report.layout == 'X'
    assert report.origin('blocks.0.ab') == ('joined', ('net.blocks.0.a', 'net.blocks.0.b'))
    back = LAYOUT.to_official(state, Report())
    assert back == {name: tensor for name, tensor in source.items() if name != 'head.w'}


def test_part_of_what_is_joined_stays_as_it_is():
    state, _ = LAYOUT.to_ours(numbers('net.blocks.0.a', 'see'), Report())
    assert set(state) == {'blocks.0.a', 'c'}


def test_two_tensors_for_one_place():
    with pytest.raises(MisfitError, match='d and another tensor of it would both become d'):
        LAYOUT.to_ours(numbers('net.d', 'd'), Report())


def test_names_of_the_next_ten_blocks():
    names = [f'net.blocks.{i}.{part}' for i in range(12) for part in 'ab']
    state, _ = LAYOUT.to_ours(numbers(*names), Report())
    assert set(state) == {f'blocks.{i}.ab' for i in range(12)}


def test_what_can_be_written():
    assert {layout.name for layout in LAYOUTS if not layout.is_reversible} == {
        'videomae', 'videomae_pretrained',
    }  # fmt: skip


def test_kernels_of_jax_lie_the_other_way_round():
    source = published.jax_vit(heads=2)
    layout = next(layout for layout in LAYOUTS if layout.name == 'jax_vit')
    state, _ = layout.to_ours(source, Report())
    x = torch.randn(3, 128)
    block = 'Transformer/encoderblock_1'
    dense = x @ source[f'{block}/MlpBlock_3/Dense_0/kernel']
    torch.testing.assert_close(x @ state['blocks.1.mlp.fc1.weight'].T, dense)
    attention = f'{block}/MultiHeadDotProductAttention_1'
    key = torch.einsum('nd,dhe->nhe', x, source[f'{attention}/key/kernel'])
    ours = (x @ state['blocks.1.attn.qkv.weight'].T).view(3, 3, 2, 64)[:, 1]
    torch.testing.assert_close(ours, key)
    heads = torch.randn(3, 2, 64)
    out = torch.einsum('nhe,hed->nd', heads, source[f'{attention}/out/kernel'])
    torch.testing.assert_close(heads.flatten(1) @ state['blocks.1.attn.proj.weight'].T, out)
    image = torch.randn(1, 3, 16, 16)
    patch = torch.einsum('nchw,hwcd->nd', image, source['embedding/kernel'])
    kernel = state['patch_embed.proj.weight']
    ours = torch.nn.functional.conv2d(image, kernel).flatten(1)
    torch.testing.assert_close(ours, patch, atol=1e-4, rtol=1e-4)  # sums of 768 products


def test_beit_is_not_taken_for_videomae():
    source = published.videomae_finetuned()
    source['patch_embed.proj.weight'] = source['patch_embed.proj.weight'][:, :, 0]
    layout = next(layout for layout in LAYOUTS if layout.name == 'videomae')
    with pytest.raises(MisfitError, match='its patch kernel has no time'):
        layout.to_ours(source, Report())
