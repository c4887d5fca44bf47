import sys

import pytest

from mmavssl.utils import commands

MESSAGE = 'Run python tools/data/prepare_ucf51.py RAW data/ucf51, then tools/train.py; tools/x.py.'


def test_texts_name_what_was_called(monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['tools/train.py', 'config.py'])
    assert commands.as_typed(MESSAGE) == MESSAGE
    monkeypatch.setattr(sys, 'argv', ['mmavssl train', 'config.py'])
    assert commands.as_typed(MESSAGE) == (
        'Run mmavssl prepare ucf51 RAW data/ucf51, then mmavssl train; tools/x.py.'
    )
    monkeypatch.setattr(sys, 'argv', [])
    assert commands.as_typed(MESSAGE) == MESSAGE


@pytest.mark.parametrize('name', ['configs', 'tools'])
def test_what_is_in_the_package_goes_before_what_is_beside_it(tmp_path, monkeypatch, name):
    monkeypatch.setattr(commands, 'PACKAGE', tmp_path / 'mmavssl')
    assert commands.shipped(name) == tmp_path / name
    (tmp_path / 'mmavssl/.mim' / name).mkdir(parents=True)
    assert commands.shipped(name) == tmp_path / 'mmavssl/.mim' / name


def test_configs_of_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, 'PACKAGE', tmp_path / 'mmavssl')
    assert commands.shipped_configs() == []
    for name in ('_base_/part.py', 'b/two.py', 'a/deep/one.py', 'a/metafile.yml'):
        path = tmp_path / 'configs' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert commands.shipped_configs() == ['a/deep/one.py', 'b/two.py']


def test_summary_is_the_first_sentence_of_a_tool(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, 'PACKAGE', tmp_path / 'mmavssl')
    (tmp_path / 'tools').mkdir()
    file = tmp_path / 'tools/train.py'
    file.write_text('"""Train, and\nsay so.\n\nMore.\n"""\nraise SystemExit\n')
    assert commands.summary('train') == 'Train, and say so.'
    file.write_text('x = 1\n')
    assert commands.summary('train') == ''
    file.unlink()
    assert commands.summary('train') == '(its tool is not there)'
