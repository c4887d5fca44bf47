"""Published transformers to ours and back, bit for bit, and what the tools say and refuse."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

from tests.fidelity import published
from tests.test_tools.converting import assert_same, error, read, rows, save

ROOT = Path(__file__).parents[2]
TOOLS = ('vit', 'timesformer', 'svformer', 'ast')


ROUND_TRIPS = {
    'timm': ('vit', published.timm_vit, 'a.pth', None, ()),
    'timm, safetensors': ('vit', published.timm_vit, 'a.safetensors', None, ()),
    'jax': ('vit', published.jax_vit, 'a.npz', None, ()),
    'timesformer': ('timesformer', published.timesformer, 'a.pyth', 'model_state', ()),
    'svformer': ('svformer', published.svformer, 'a.pyth', 'model_state', ()),
    'ast': ('ast', published.ast, 'a.pth', None, ()),
    'hugging face': ('ast', published.hf_ast, 'a.safetensors', None, ('--layout', 'hf_ast')),
}


@pytest.mark.parametrize('case', ROUND_TRIPS)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_to_ours_and_back(convert, case, dtype):
    tool, make, file, key, layout = ROUND_TRIPS[case]
    official = {name: tensor.to(dtype) for name, tensor in make().items()}
    back = f'back{Path(file).suffix}'
    save(file, official, key)
    assert convert(tool, file, 'new/ours.pth') == 0
    assert convert(tool, 'new/ours.pth', back, '--to-official', *layout) == 0
    assert_same(read(back, key), official)


@pytest.mark.parametrize('tool', ['timesformer', 'svformer'])
@pytest.mark.parametrize('without', ['.temporal_', '.temporal_ time_embed'])
def test_joint_and_space_only_attention(convert, tool, without):
    """Both codes have them, too: fewer layers over time, or none."""
    official = {
        name: tensor
        for name, tensor in getattr(published, tool)().items()
        if not any(part in name for part in without.split())
    }
    save('a.pyth', official, 'model_state')
    assert convert(tool, 'a.pyth', 'ours.pth') == 0
    assert len(read('ours.pth', 'state_dict')) == len(official)
    assert convert(tool, 'ours.pth', 'b.pyth', '--to-official') == 0
    assert_same(read('b.pyth', 'model_state'), official)


def test_all_names_of_the_published_size():
    """The numbers of tensors are those that the codes have with 12 blocks."""
    small = dict(dims=64, depth=12)
    assert len(published.timesformer(**small)) == 249
    assert len(published.svformer(**small)) == 249
    assert len(published.ast(**small)) == 159
    assert len(published.timm_vit(**small)) == 152


def test_table_of_an_image_transformer(convert, capsys):
    save('vit.npz', published.jax_vit())
    assert convert('vit', 'vit.npz', 'ours.pth') == 0
    table = rows(capsys)
    block = 'Transformer/encoderblock_*'
    attention = f'{block}/MultiHeadDotProductAttention_1'
    parts = f'{attention}/{{query,key,value}}/{{kernel,bias}}'
    assert table == [
        'vit.npz: vision transformer of JAX',
        'what from to tensors',
        'copied cls cls_token 1',
        'copied Transformer/posembed_input/pos_embedding pos_embed 1',
        'transposed embedding/kernel patch_embed.proj.weight 1',
        'copied embedding/bias patch_embed.proj.bias 1',
        f'copied {block}/LayerNorm_0/{{scale,bias}} blocks.*.norm1.{{weight,bias}} 4',
        f'joined {parts} blocks.*.attn.qkv.{{weight,bias}} 4',
        f'transposed {attention}/out/kernel blocks.*.attn.proj.weight 2',
        f'copied {attention}/out/bias blocks.*.attn.proj.bias 2',
        f'copied {block}/LayerNorm_2/{{scale,bias}} blocks.*.norm2.{{weight,bias}} 4',
        f'transposed {block}/MlpBlock_3/Dense_0/kernel blocks.*.mlp.fc1.weight 2',
        f'copied {block}/MlpBlock_3/Dense_0/bias blocks.*.mlp.fc1.bias 2',
        f'transposed {block}/MlpBlock_3/Dense_1/kernel blocks.*.mlp.fc2.weight 2',
        f'copied {block}/MlpBlock_3/Dense_1/bias blocks.*.mlp.fc2.bias 2',
        'copied Transformer/encoder_norm/{scale,bias} norm.{weight,bias} 2',
        f'copied again {block}/LayerNorm_0/{{scale,bias}} '
        'blocks.*.temporal_norm1.{weight,bias} 4',
        f'copied again {parts} blocks.*.temporal_attn.qkv.{{weight,bias}} 4',
        f'copied again {attention}/out/{{kernel,bias}} '
        'blocks.*.temporal_attn.proj.{weight,bias} 4',
        'left at its initial value time_embed 1',
        'left at its initial value blocks.*.temporal_fc.{weight,bias} 4',
        'kept aside head/* 2',
        'ours.pth: 47 tensors',
    ]
    assert len(read('ours.pth', 'state_dict')) == 47


def test_table_of_a_recognizer(convert, capsys):
    save('a.pyth', published.svformer(), 'model_state')
    assert convert('svformer', 'a.pyth', 'ours.pth', '--teacher') == 0
    table = rows(capsys)
    assert 'copied model.cls_token student.backbone.cls_token 1' in table
    assert 'copied head.{weight,bias} student.head.fc.{weight,bias} 2' in table
    assert table[-1] == 'ours.pth: 49 tensors, as many for a teacher'
    state = read('ours.pth', 'state_dict')
    assert len(state) == 98
    for name in state:
        if name.startswith('teacher.'):
            assert state[name].equal(state[name.replace('teacher.', 'student.', 1)])


def test_student_or_teacher_of_a_training_to_official(convert, capsys):
    save('a.pyth', published.svformer(), 'model_state')
    assert convert('svformer', 'a.pyth', 'ours.pth', '--teacher') == 0
    content = torch.load('ours.pth', weights_only=True)
    state = content['state_dict']
    for name in [name for name in state if name.startswith('teacher.')]:
        state[name] = state[name] + 1
    state |= {'threshold.status': torch.ones(3), 'teacher_steps': torch.tensor(5)}
    torch.save({**content, 'optimizer': {}, 'message_hub': {}}, 'epoch_1.pth')
    for network, offset in (('student', 0), ('teacher', 1)):
        out = f'{network}.pyth'
        args = ('epoch_1.pth', out, '--to-official', '--network', network)
        assert convert('svformer', *args) == 0
        expected = {name: tensor + offset for name, tensor in published.svformer().items()}
        assert_same(read(out, 'model_state'), expected)
    assert rows(capsys, 'dropped') == [
        'dropped student.* 49', 'dropped threshold.* 1', 'dropped teacher_steps 1',
    ]  # fmt: skip


def test_one_network_alone_can_be_exported(convert, capsys):
    """What tools/publish_model.py writes: a recognizer without the name of its role."""
    save('a.pyth', published.timesformer(), 'model_state')
    assert convert('timesformer', 'a.pyth', 'ours.pth') == 0
    state = read('ours.pth', 'state_dict')
    save_file({n.removeprefix('student.'): t for n, t in state.items()}, 'net.safetensors')
    assert convert('timesformer', 'net.safetensors', 'b.pyth', '--to-official') == 0
    assert_same(read('b.pyth', 'model_state'), published.timesformer())
    line = error(
        convert, capsys, 'svformer', 'ours.pth', 'c.pyth', '--to-official', '--network', 'teacher'
    )
    assert line == 'ours.pth: it has a student and no teacher.'


def test_timm_by_name(convert, monkeypatch, capsys):
    vit = VisionTransformer(img_size=32, patch_size=16, embed_dim=128, depth=2, num_heads=2)
    monkeypatch.setattr(timm, 'create_model', lambda name, pretrained: vit)
    assert convert('vit', 'timm://small', 'ours.pth') == 0
    assert read('ours.pth', 'state_dict')['norm.weight'].equal(vit.norm.weight)
    assert 'Leave --to-official out' in error(
        convert, capsys, 'vit', 'timm://small', 'x.pth', '--to-official'
    )


def test_arguments_of_the_network(convert, capsys):
    save('vit.pth', published.timm_vit())
    settings = ('--set', 'attention_type=joint', 'num_frames=16', '--set', 'img_size=64')
    assert convert('vit', 'vit.pth', 'ours.pth', *settings) == 0
    state = read('ours.pth', 'state_dict')
    assert state['time_embed'].shape == (1, 16, 128)
    assert state['pos_embed'].shape == (1, 17, 128)
    assert not any('temporal' in name for name in state)
    assert rows(capsys, 'resized') == ['resized 2x2 to 4x4 pos_embed pos_embed 1']
    line = error(convert, capsys, 'vit', 'vit.pth', 'x.pth', '--set', 'frames=16')
    assert line.startswith('--set: TimeSformer has no frames. It has attention_type, img_size,')
    line = error(convert, capsys, 'vit', 'vit.pth', 'x.pth', '--set', 'attention_type=no')
    assert line.startswith('--set: Expected `attention_type` to be one of')
    with pytest.raises(SystemExit):
        convert('vit', 'vit.pth', 'x.pth', '--set', 'num_frames')
    assert "expected KEY=VALUE, but got 'num_frames'" in capsys.readouterr().err


def test_audioset_16_16_for_our_encoder(convert, capsys):
    official = published.ast(patches=512)
    save('audioset.pth', official)
    settings = ('--set', 'num_frames=256', 'distilled=False')
    assert convert('ast', 'audioset.pth', 'ours.pth', *settings) == 0
    state = read('ours.pth', 'state_dict')
    positions = official['module.v.pos_embed']
    grid = positions[:, 2:].view(1, 8, 64, 128)[:, :, 24:40].reshape(1, 128, 128)
    assert state['pos_embed'].equal(torch.cat([positions[:, :1], grid], dim=1))
    table = rows(capsys)
    assert 'without that of dist_token, 8x64 to 8x16 v.pos_embed pos_embed 1' in table
    assert 'dropped v.dist_token 1' in table
    assert 'kept aside v.head.* 2' in table
    line = error(convert, capsys, 'ast', 'ours.pth', 'back.pth', '--to-official')
    assert line == 'ours.pth: it has no distillation token, which every official AST has.'


@pytest.mark.parametrize(('patches', 'stride'), [(1212, 10), (850, 12), (657, 14), (512, 16)])
def test_stride_of_published_asts(convert, patches, stride):
    official = published.ast(patches=patches)
    save('a.pth', official)
    assert convert('ast', 'a.pth', 'ours.pth') == 0
    positions = read('ours.pth', 'state_dict')['pos_embed']
    assert positions.equal(official['module.v.pos_embed'])
    assert convert('ast', 'ours.pth', 'b.pth', '--to-official') == 0
    assert_same(read('b.pth'), official)


def test_image_transformer_for_sound(convert, capsys):
    save('deit.pth', published.timm_vit(special=2), 'model')
    assert convert('ast', 'deit.pth', 'ours.pth') == 0
    state = read('ours.pth', 'state_dict')
    kernel = published.timm_vit(special=2)['patch_embed.proj.weight']
    torch.testing.assert_close(state['patch_embed.proj.weight'], kernel.sum(1, keepdim=True))
    assert state['pos_embed'].shape == (1, 129, 128)
    assert rows(capsys, 'summed') == [
        'summed over RGB patch_embed.proj.weight patch_embed.proj.weight 1'
    ]


def test_initial_values_are_the_same_each_time(convert):
    torch.save({'model': published.videomae()}, 'videomae.pth')
    for out in ('a.pth', 'b.pth'):
        torch.rand(3)
        assert convert('vit', 'videomae.pth', out) == 0
    assert_same(read('a.pth', 'state_dict'), read('b.pth', 'state_dict'))


def test_the_test_tool_takes_it(convert, tools, avsprites_root):
    """The whole way: an SVFormer of the size of a config is tested by tools/test.py."""
    size = dict(dims=64, depth=3, patch=8, patches=64, frames=4, classes=8)
    save('a.pyth', published.svformer(**size), 'model_state')
    assert convert('svformer', 'a.pyth', 'ours.pth', '--teacher') == 0
    Path('data').mkdir()
    Path('data/avsprites').symlink_to(avsprites_root)
    options = ('--cfg-options', 'test_dataloader.num_workers=0')
    config = ROOT / 'configs/svformer/avsprites_2shot.py'
    assert tools('test', config, 'ours.pth', '--use', 'both', *options) == 0
    scores = re.findall(r'(student|teacher)\S* *: (\d+\.\d\d)', tools.capsys.readouterr().out)
    assert {name for name, _ in scores} == {'student', 'teacher'}


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('tool', 'layout', 'title'),
    [
        ('vit', 'ast', 'AST'),
        ('vit', 'timesformer', 'TimeSformer'),
        ('timesformer', 'svformer', 'SVFormer'),
        ('svformer', 'timesformer', 'TimeSformer'),
        ('ast', 'svformer', 'SVFormer'),
        ('ast', 'videomae', 'VideoMAE with its decoder'),
        ('timesformer', 'timm_vit', 'transformer with the names of timm'),
    ],
)
def test_layouts_of_other_tools(convert, capsys, tool, layout, title):
    torch.save({'model': getattr(published, layout)()}, 'a.pth')
    line = error(convert, capsys, tool, 'a.pth', 'x.pth')
    assert line.startswith(f'a.pth: it is a file of {title}, which {tool}.py does not convert. It')


def test_unknown_layout(convert, capsys):
    torch.save({'conv1.weight': torch.ones(1)}, 'a.pth')
    line = error(convert, capsys, 'vit', 'a.pth', 'x.pth')
    assert line.startswith(
        'a.pth: its tensors (conv1.weight, ...) have the names of none of these'
    )


@pytest.mark.parametrize(
    ('change', 'message', 'pattern', 'row'),
    [
        (
            {'model.blocks.0.ls1.gamma': torch.ones(2)}, 'unexpected: blocks.0.ls1.gamma.',
            'blocks.*.ls1.*', 'dropped model.blocks.*.ls1.gamma 1',
        ),
        (
            {'model.norm.bias': None}, 'missing: norm.bias.', 'norm.bias',
            'left at its initial value student.backbone.norm.bias 1',
        ),
        (
            {'model.norm.bias': torch.ones(64)},
            'of another shape: norm.bias (64,) instead of (128,).', 'norm.*',
            'dropped model.norm.bias 1',
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_allowed_by_name(convert, capsys, change, message, pattern, row):
    state = {**published.timesformer(), **change}
    state = {name: tensor for name, tensor in state.items() if tensor is not None}
    save('a.pyth', state, 'model_state')
    line = error(convert, capsys, 'timesformer', 'a.pyth', 'x.pth')
    assert line.startswith(f'a.pyth: {message} Take another file, or change the network;')
    assert convert('timesformer', 'a.pyth', 'x.pth', '--allow', pattern) == 0
    assert row in rows(capsys)


def test_wrong_direction(convert, capsys):
    save('a.pyth', published.svformer(), 'model_state')
    line = error(convert, capsys, 'svformer', 'a.pyth', 'x.pyth', '--to-official')
    assert line == 'a.pyth: it is a file of SVFormer, and not ours. Leave --to-official out.'
    assert convert('svformer', 'a.pyth', 'ours.pth') == 0
    line = error(convert, capsys, 'svformer', 'ours.pth', 'x.pth')
    assert line == 'ours.pth: it is ours already. The other way is --to-official.'


def test_layers_over_time_that_add_something_are_no_image_transformer(convert, capsys):
    save('vit.pth', published.timm_vit())
    assert convert('vit', 'vit.pth', 'ours.pth') == 0
    content = torch.load('ours.pth', weights_only=True)
    content['state_dict']['blocks.1.temporal_fc.bias'][0] = 0.1
    torch.save(content, 'trained.pth')
    line = error(convert, capsys, 'vit', 'trained.pth', 'x.pth', '--to-official')
    assert line.startswith('trained.pth: unexpected: blocks.0.temporal_attn.proj.bias')
    allowed = ('--allow', '*.temporal_*', 'time_embed')
    assert convert('vit', 'trained.pth', 'x.pth', '--to-official', *allowed) == 0
    assert_same(read('x.pth'), published.timm_vit())


def test_out_that_would_lose_something(convert, capsys):
    save('vit.pth', published.timm_vit())
    before = Path('vit.pth').read_bytes()
    Path('folder.pth').mkdir()
    for out in ('./vit.pth', 'folder.pth'):
        assert 'Name another file.' in error(convert, capsys, 'vit', 'vit.pth', out)
    line = error(convert, capsys, 'vit', 'vit.pth', 'x.npz')
    assert line == 'Expected OUT to end with .pth or .pyth or .pt, but got x.npz.'
    line = error(convert, capsys, 'svformer', 'vit.pth', 'x.safetensors', '--to-official')
    assert line.startswith('Expected OUT to end with .pth or .pyth or .pt, but got')
    assert Path('vit.pth').read_bytes() == before


def test_files_that_cannot_be_used(convert, capsys):
    assert error(convert, capsys, 'vit', 'nowhere.pth', 'x.pth').startswith('nowhere.pth does not')
    save('vit-00000000.pth', published.timm_vit())
    line = error(convert, capsys, 'vit', 'vit-00000000.pth', 'x.pth')
    assert re.match(r'vit-00000000.pth has the sha256 \w{8}, not 00000000 as its name says', line)
    line = error(convert, capsys, 'vit', 'vit-00000000.pth', 'x.pth', '--sha256', '11111111')
    assert 'not 11111111 as `sha256` says' in line
    content = Path('vit-00000000.pth').read_bytes()
    Path('half.pth').write_bytes(content[: len(content) // 2])
    assert 'was not written to its end' in error(convert, capsys, 'vit', 'half.pth', 'x.pth')
    torch.save({'model': published.timm_vit(), 'x': os.system}, 'evil.pth')
    line = error(convert, capsys, 'vit', 'evil.pth', 'x.pth')
    assert line.startswith('evil.pth is not loaded, since it holds a posix.system, which could')


# The tools as programs ---------------------------------------------------------------------------


@pytest.mark.parametrize('tool', [*TOOLS, 'localizer'])
def test_runs_as_a_program(tool, tmp_path):
    """Beside ast.py, where `import ast` finds that file first."""
    result = subprocess.run(
        [sys.executable, f'{tool}.py', '--help'],
        cwd=ROOT / 'tools/convert', capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert '--to-official' in result.stdout


def test_import_of_ast_next_to_our_tool_is_pythons():
    code = "import ast, inspect; assert ast.literal_eval('[1]') == [1]; print(ast.__file__)"
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT / 'tools/convert', capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert 'tools/convert' not in result.stdout


@pytest.mark.parametrize('tool', TOOLS)
def test_help_does_not_wait_for_torch(tool):
    code = (
        'import runpy, sys\n'
        f"sys.argv = ['{tool}.py', '--help']\n"
        'try:\n'
        f"    runpy.run_path('{tool}.py', run_name='__main__')\n"
        'finally:\n'
        "    assert 'torch' not in sys.modules\n"
    )
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT / 'tools/convert', capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
