"""What `mmavssl info` prints, and its status."""

import json

import pytest

from mmavssl.cli import main

FACTS = {
    'mmavssl': '0.1.0', 'gpus': ['H100', 'H100'], 'driver': None, 'plugins': {'loud': '0.2'},
    'packages': {'torch': '2.6', 'timm': None}, 'extras': {'shards': [], 'export': ['onnx>=1']},
    'notes': ['there is little memory'], 'problems': [],
}  # fmt: skip


@pytest.fixture
def facts(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    facts = {**FACTS}
    monkeypatch.setattr('mmavssl.utils.environment.describe_environment', lambda: facts)
    return facts


def test_report(facts, capsys):
    assert main(['info']) == 0
    assert [' '.join(line.split()) for line in capsys.readouterr().out.splitlines()] == [
        'mmavssl 0.1.0', 'gpus H100, H100', 'driver none', 'plugins loud 0.2',
        'packages', 'torch 2.6', 'timm missing',
        'extras', 'shards complete',
        "export missing (onnx>=1): pip install 'mmavssl[export]'",
        'note: there is little memory.', 'All that is needed is there.',
    ]  # fmt: skip


def test_problems_are_told_last_and_are_the_status(facts, capsys):
    facts['problems'] = ['timm is missing: pip install timm']
    assert main(['info']) == 1
    assert capsys.readouterr().out.endswith('\nproblem: timm is missing: pip install timm.\n')


def test_json(facts, capsys):
    assert main(['info', '--json']) == 0
    assert json.loads(capsys.readouterr().out) == FACTS
