"""tools/publish_model.py: one network of a checkpoint as safetensors."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

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
    return lambda *args: module.main([*args, '--config', 'configs/a/b.py'])


def test_one_network_and_where_it_comes_from(publish, capsys):
    state = {'student.a': torch.ones(2), 'teacher.a': torch.arange(6.0).view(2, 3).t()}
    meta = {'epoch': 3, 'seed': 7, 'audio_input': 'logmel'}
    torch.save({'state_dict': state, 'meta': meta}, 'epoch_3.pth')
    assert publish('epoch_3.pth', 'net.safetensors') == 0
    assert capsys.readouterr().out == 'net.safetensors: 1 tensors, 0.00 MB\n'
    with safe_open('net.safetensors', 'pt') as opened:
        assert list(opened.keys()) == ['a']
        assert opened.get_tensor('a').equal(state['teacher.a'])
        facts = opened.metadata()
    assert facts == json.loads(Path('net.json').read_text())
    del facts['sha256_of_tensors']
    assert facts == {
        'network': 'teacher', 'config': 'configs/a/b.py', 'epoch': '3', 'seed': '7',
        'audio_input': 'logmel',
    }  # fmt: skip


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
    assert publish('a.pth', 'net.safetensors') == 2
    line = capsys.readouterr().err
    assert line.startswith('publish_model: a.pth ')
    assert message in line
    assert not Path('net.safetensors').exists()
