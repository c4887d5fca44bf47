"""tools/publish_model.py: one network of a checkpoint as safetensors."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from mmavssl.apis.clip_classifier import load_classifier
from mmavssl.utils.checkpoints import read_checkpoint
from mmavssl.utils.errors import ConfigError
from tests.small_predictor import CENTER, as_text, class_names, small_config, write_checkpoint

ROOT = Path(__file__).parents[2]


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Return what runs the tool in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tool sets these two
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    spec = importlib.util.spec_from_file_location('publish', ROOT / 'tools/publish_model.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_one_network_and_where_it_comes_from(publish, capsys):
    state = {'student.a': torch.ones(2), 'teacher.a': torch.arange(6.0).view(2, 3).t()}
    meta = {'epoch': 3, 'seed': 7, 'audio_input': 'logmel'}
    torch.save({'state_dict': state, 'meta': meta}, 'epoch_3.pth')
    assert publish(['epoch_3.pth', 'net.safetensors', '--config', 'configs/a/b.py']) == 0
    said = capsys.readouterr()
    assert said.out == 'net.safetensors: 1 tensors of the teacher (--use), 0.00 MB\n'
    assert said.err == (
        'net.safetensors is written without a config: epoch_3.pth has no config in it, as '
        'tools/train.py writes it. Name the config file as well (`model`, --model; CONFIG of '
        'export).\n'
    )
    with safe_open('net.safetensors', 'pt') as opened:
        assert list(opened.keys()) == ['a']
        assert opened.get_tensor('a').equal(state['teacher.a'])
        facts = opened.metadata()
    assert facts == json.loads(Path('net.json').read_text())
    del facts['sha256_of_tensors']
    assert facts == {
        'network': 'teacher', 'config': 'configs/a/b.py', 'epoch': '3', 'seed': '7',
        'audio_input': 'logmel', 'roles': 'student teacher',
    }  # fmt: skip


def test_what_predicting_needs_of_the_config(publish, capsys):
    config = "model = dict(type='SupervisedRecognizer', x=(1, 2))\nwork_dir = 'mine'\n"
    content = {
        'state_dict': {'student.a': torch.ones(2), 'student.backbone.b': torch.ones(1)},
        'meta': {'epoch': 3, 'dataset_meta': {'classes': ['bell', 'drum']}, 'cfg': config},
    }
    torch.save(content, 'a.pth')
    assert publish(['a.pth', 'net.safetensors', '--use', 'student']) == 0
    assert capsys.readouterr().err == ''
    meta = read_checkpoint('net.safetensors')['meta']
    assert meta['cfg'] == "model = {'type': 'SupervisedRecognizer', 'x': (1, 2)}"
    assert meta['dataset_meta'] == {'classes': ['bell', 'drum']}
    assert meta['roles'] == 'student'
    assert 'cfg' not in json.loads(Path('net.json').read_text())
    assert publish(['a.pth', 'part.safetensors', '--network', 'student.backbone']) == 0
    facts = json.loads(Path('part.json').read_text())
    assert not {'config', 'cfg', 'classes', 'roles'} & facts.keys()


def test_published_file_is_tested(publish, tools, avsprites_root, capsys):
    cfg = small_config(avsprites_root, localizer=CENTER)
    cfg.test_dataloader.dataset.indices = 4
    Path('cfg.py').write_text(as_text(cfg))
    write_checkpoint(Path('epoch_1.pth'), cfg, class_names(avsprites_root))
    assert publish(['epoch_1.pth', 'net.safetensors']) == 0
    found = []
    for weights in ('epoch_1.pth', 'net.safetensors'):
        call = ('test', 'cfg.py', weights, '--out', 'metrics.json', '--work-dir', 'work')
        options = ('--use', 'teacher') if weights == 'epoch_1.pth' else ()
        assert tools(*call, *options) == 0
        found.append(json.loads(Path('metrics.json').read_text()))
    assert found[0] == found[1]
    assert {name.partition('/')[0] for name in found[0]} == {'teacher'}
    assert tools.error('test', 'cfg.py', 'net.safetensors', '--use', 'student') == (
        "net.safetensors has the teacher alone, so that `use` (--use) cannot be 'student'. Leave "
        'it out.'
    )
    with pytest.raises(ConfigError, match=r'has no network `student`\. Use the teacher\.'):
        load_classifier(cfg, 'net.safetensors', 'student')


def test_other_suffix(publish, capsys):
    assert publish(['a.pth', 'net.pth']) == 2
    assert 'Expected OUT to end with .safetensors, but got net.pth' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({'state_dict': {'student.a': torch.ones(1)}, 'meta': {'epoch': 1}}, "['student']."),
        ({'state_dict': {'teacher.a': torch.ones(1)}, 'meta': None}, 'it has no epoch.'),
        ({'teacher.a': torch.ones(1)}, 'it has no epoch.'),
        ({'state_dict': {}, 'meta': {'epoch': print}}, 'save its state dict anew where you trust'),
    ],
)
def test_mistakes(publish, capsys, content, message):
    torch.save(content, 'a.pth')
    assert publish(['a.pth', 'net.safetensors']) == 2
    line = capsys.readouterr().err
    assert line.startswith('publish_model: a.pth ')
    assert message in line
    assert not Path('net.safetensors').exists()
