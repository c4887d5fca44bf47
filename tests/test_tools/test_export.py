"""tools/export.py on the checkpoint of a shipped config, and its mistakes."""

import json
import runpy

import onnxruntime
import pytest
import torch
from mmengine.registry import init_default_scope

import mmavssl.models  # noqa: F401  (fills the registries)
from mmavssl.registry import MODELS
from mmavssl.utils.configs import load_config
from tests.small_predictor import class_names, small_config, write_checkpoint

SVFORMER = 'configs/svformer/avsprites_1shot.py'
SUPERVISED = 'configs/supervised/avsprites_1shot.py'
SHALLOW = 'model.student.backbone.depth=1'  # fast


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """A checkpoint of SVFormer whose student and teacher differ."""
    init_default_scope('mmavssl')
    model = load_config(SVFORMER, [SHALLOW]).model
    state = {}
    for seed, role in enumerate(('student', 'teacher')):
        torch.manual_seed(seed)
        network = MODELS.build(model.student)
        state |= {f'{role}.{name}': value for name, value in network.state_dict().items()}
    path = tmp_path_factory.mktemp('checkpoint') / 'epoch_15.pth'
    torch.save({'state_dict': state, 'meta': {'epoch': 15}}, path)
    return path


def test_file_and_report(tools, checkpoint, avsprites_root, tmp_path, capsys):
    out = tmp_path / 'svformer.onnx'
    options = ('--cfg-options', SHALLOW, f'test_dataloader.dataset.data_root={avsprites_root}')
    assert tools('export', SVFORMER, checkpoint, out, '--use', 'teacher', *options) == 0
    first, video, scores, difference = capsys.readouterr().out.splitlines()
    megabytes = f'{out.stat().st_size / 1e6:.1f} MB'
    assert first == f'{out} ({megabytes}): teacher of epoch_15.pth'
    assert video == '  input  video  uint8 (1, 3, 4, 64, 64)'
    assert scores == '  output scores float32 (1, 8)'
    assert difference.startswith('  log-probabilities differ by at most ')
    assert 0 < float(difference.split()[-1]) < 1e-6
    facts = onnxruntime.InferenceSession(out).get_modelmeta().custom_metadata_map
    assert json.loads(facts['classes']) == (avsprites_root / 'classes.txt').read_text().split()
    assert facts['config'] == 'svformer/avsprites_1shot.py'
    assert json.loads(facts['epoch']) == 15
    assert [step['type'] for step in json.loads(facts['test_pipeline'])] == [
        'OpenAVFile', 'SampleClip', 'LoadAVClip', 'ThreeCrop', 'PackAVInputs',
    ]  # fmt: skip


def test_without_check_and_class_names(tools, checkpoint, tmp_path, capsys):
    out = tmp_path / 'svformer.pt2'
    options = ('--cfg-options', SHALLOW, f'test_dataloader.dataset.data_root={tmp_path}')
    call = ('export', SVFORMER, checkpoint, out, '--dynamic-batch', '--no-check', *options)
    assert tools(*call) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith('MB): student of epoch_15.pth')
    assert lines[1:] == [
        '  input  video  uint8 (batch, 3, 4, 64, 64)',
        '  output scores float32 (batch, 8)',
        "  no class names: the test data's `classes_file` is not on this disk",
        '  not compared with the network',
    ]


def test_network_of_the_config(tools, checkpoint, tmp_path, capsys):
    out = tmp_path / 'svformer.pt2'
    options = ('--no-check', '--cfg-options', SHALLOW, 'model.test_with=teacher')
    assert tools('export', SVFORMER, checkpoint, out, *options) == 0
    assert 'teacher of epoch_15.pth' in capsys.readouterr().out


def test_config_of_the_checkpoint(tools, avsprites_root, tmp_path, capsys):
    """Is enough, and options may stand between the files; a published file says which network."""
    cfg = small_config(avsprites_root, 'svformer/avsprites_1shot.py')
    path = write_checkpoint(tmp_path / 'epoch_1.pth', cfg, class_names(avsprites_root))
    out = tmp_path / 'a.pt2'
    assert tools('export', path, '--no-check', out) == 0
    said = capsys.readouterr().out
    assert 'student of epoch_1.pth' in said
    assert 'no class names' not in said
    extra = {'mmavssl.json': ''}
    torch.export.load(out, extra_files=extra)
    facts = json.loads(extra['mmavssl.json'])
    assert facts['config'] is None
    assert facts['inputs']['video']['shape'] == [1, 3, 4, 64, 64]

    published = tmp_path / 'net.safetensors'
    publish = runpy.run_path('tools/publish_model.py')['main']
    assert publish([str(path), str(published)]) == 0
    assert tools('export', published, out, '--no-check') == 0
    assert 'teacher of net.safetensors' in capsys.readouterr().out


def test_checkpoint_without_a_config(tools, checkpoint, tmp_path):
    line = tools.error('export', checkpoint, tmp_path / 'a.pt2')
    assert line.startswith(f'{checkpoint} has no config in it')
    assert 'CONFIG' in line


@pytest.mark.parametrize(
    'options', [('--dynamic-batch', '--batch-size', '2'), ('--batch-size', '0'), ('--use', 'both')]
)
def test_options(tools, checkpoint, tmp_path, options, capsys):
    with pytest.raises(SystemExit, match='2'):
        tools('export', SVFORMER, checkpoint, tmp_path / 'a.pt2', *options)
    assert 'expected 1 or more, but got' in capsys.readouterr().err or '0' not in options


def test_mistakes(tools, checkpoint, tmp_path):
    out = tmp_path / 'a.pt2'
    assert tools.error('export', SVFORMER, checkpoint, tmp_path / 'a.pb') == (
        f'{tmp_path / "a.pb"}: expected a file name that ends with .onnx or .pt2.'
    )
    assert tools.error('export', SVFORMER, checkpoint, out, '--opset', '18') == (
        '`opset` 18 is for .onnx alone. Leave it out for .pt2.'
    )
    missing = tmp_path / 'epoch_1.pth'
    assert tools.error('export', SVFORMER, missing, out) == (
        f'{missing} does not exist. Download or train it first, or correct the path.'
    )
    missing.write_text('nothing')
    assert 'holds text, not weights' in tools.error('export', SVFORMER, missing, out)
    assert 'does not fit the config: ' in tools.error('export', SUPERVISED, checkpoint, out)
    assert 'has no `model.student`' in tools.error(
        'export', 'configs/localizers/fnac_avsprites.py', checkpoint, out
    )
    assert not out.exists()


class Unsafe:
    def __reduce__(self):
        return print, ('code was run',)


def test_checkpoint_that_could_run_code(tools, tmp_path, capsys):
    path = tmp_path / 'unsafe.pth'
    torch.save({'state_dict': {}, 'meta': Unsafe()}, path)
    message = tools.error('export', SVFORMER, path, tmp_path / 'a.pt2')
    assert message.startswith(f'{path} is not loaded, since it holds a print, which could run')
    assert 'code was run' not in capsys.readouterr().out
