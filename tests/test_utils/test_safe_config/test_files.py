"""Which files are read, and what MMEngine puts into their text."""

import time
from pathlib import Path

import pytest

from mmavssl.utils.configs import load_config

ROOT = Path(__file__).parents[3]
#: Those of whole configs are read in tests/test_steps.py, each with the configs that name it.
ALONE = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('configs/**/_base_/**/*.py'))
PROGRAM = "x = open('pwned', 'w')"


@pytest.mark.parametrize('path', ALONE)
def test_shipped_bases_are_data(path):
    safe, run = (load_config(str(ROOT / path), safe=safe) for safe in (True, False))
    assert safe.to_dict() == run.to_dict()
    assert (safe.text, safe.filename) == (run.text, run.filename)


def test_plugin_is_refused(configs):
    text = (ROOT / 'docs/examples/localizer_plugin/loud_motion.py').read_text()
    assert 'here is an import' in configs.refused(text)


@pytest.mark.parametrize('bases', ["'sub/base.py'", "['ok.py', 'sub/base.py']", "'sub/../bad.py'"])
def test_bases_are_checked(configs, bases):
    configs.write(PROGRAM, 'bad.py')
    configs.write('y = 1', 'ok.py')
    configs.write("_base_ = '../bad.py'", 'sub/base.py')
    message = configs.refused(f'_base_ = {bases}')
    assert message.startswith('bad.py:1: ')


def test_base_by_an_absolute_path(configs):
    path = configs.write(PROGRAM, 'elsewhere/bad.py')
    assert 'bad.py:1: ' in configs.refused(f'_base_ = {str(path)!r}')


@pytest.mark.parametrize(
    'text',
    [
        "name = 'ok.py'\n_base_ = name",
        "_base_ = 'ok' + '.py'",
        "_base_ = ('ok.py',)",
        '_base_ = [1]',
        "_base_ = 'ok.py'\n_base_ = 'ok.py'",
        "x = _base_ = 'ok.py'",
        "_base_: str = 'ok.py'",
        "_base_ = 'mmaction::_base_/default_runtime.py'",
        "from mmengine.config import read_base\nwith read_base():\n    from .ok import *",
    ],
)  # fmt: skip
def test_other_ways_to_name_a_base(configs, text):
    configs.write('y = 1', 'ok.py')
    assert '--safe-config accepts data only' in configs.refused(text)


def test_base_of_the_package_is_checked(configs, tmp_path, monkeypatch):
    monkeypatch.setattr('mmavssl.utils.package_bases.shipped', lambda name: tmp_path / name)
    configs.write('x = 1', 'configs/a/data.py')
    configs.write('x = print()', 'configs/a/program.py')
    assert configs.load("_base_ = 'mmavssl::a/data.py'\ny = {{_base_.x}}").y == 1
    assert 'mmavssl::a/program.py' in configs.refused("_base_ = 'mmavssl::a/program.py'")
    assert 'does not exist' in configs.refused("_base_ = 'mmavssl::a/none.py'")


def test_base_that_is_not_there(configs):
    message = configs.refused("_base_ = 'none.py'")
    assert message == 'none.py does not exist, or is no file. Correct the path or `_base_`.'
    assert 'a config is a file *.py' in configs.refused("_base_ = 'none.txt'")


def test_files_that_name_each_other(configs):
    configs.write("_base_ = 'cfg.py'", 'other.py')
    assert 'more than 64 files by `_base_`' in configs.refused("_base_ = 'other.py'")


def test_values_of_bases_are_not_multiplied(configs):
    """Each file holds that of its base ten times, which no file shows by itself."""
    configs.write(f'a0 = {list(range(100))}', '0.py')
    for number in range(1, 20):
        items = ', '.join([f'{{{{_base_.a{number - 1}}}}}'] * 10)
        configs.write(f"_base_ = '{number - 1}.py'\na{number} = [{items}]", f'{number}.py')
    begin = time.process_time()
    assert 'more than 1000000 values' in configs.refused("_base_ = '19.py'")
    assert time.process_time() - begin < 5


def test_values_of_bases(configs):
    configs.write("model = dict(type='FixedThreshold', a=[1, 2])", 'base.py')
    cfg = configs.load(
        "_base_ = 'base.py'\nx = dict(y={{ _base_.model.a }}, z='{{fileBasename}}')"
    )
    assert cfg.x.to_dict() == {'y': [1, 2], 'z': 'cfg.py'}
    assert cfg.model.a == [1, 2]


def test_value_that_a_base_lacks(configs):
    configs.write('a = 1', 'base.py')
    assert "KeyError: 'b'" in configs.refused("_base_ = 'base.py'\nx = {{_base_.b}}")


TEMPLATES = [
    "x = '{{$SAFE_TEST:1}}'",
    "x = {{'$SAFE_TEST:1'}}",
    '# {{$SAFE_TEST:1}}',
    "y = 1\nx = '{{ $UNSET:a }}'",
    "x = f'{{}}'",
    "x = '{{_base_.a}}{{_base_.a\"b}}'",
    "x = '{{_base_.{{_base_.a}}}}'",
]


@pytest.mark.parametrize('text', TEMPLATES)
def test_templates_of_the_environment(configs, monkeypatch, text):
    monkeypatch.setenv('SAFE_TEST', "' + open('pwned', 'w').name + '")
    configs.write('a = 1', 'base.py')
    message = configs.refused(f"_base_ = 'base.py'\n{text}")
    assert 'here is a `{{`' in message or 'Correct the line' in message


@pytest.mark.parametrize(
    'text',
    [
        'x = "{{_base_.a}}, open(\'pwned\', \'w\'), {{_base_.a}}"',
        'x = """a"{{_base_.a}}" + open(\'pwned\', \'w\').name + """"',
        'x = ""{{_base_.a}}"" + open("pwned", "w").name',
        'x = "+{{_base_.a}}+open(\'pwned\',\'w\').name+{{_base_.a}}+"',
    ],
)  # fmt: skip
def test_quotes_that_a_template_brings(configs, text):
    configs.write("a = 'b'", 'base.py')
    configs.refused(f"_base_ = 'base.py'\n{text}")


def test_name_of_a_file_with_quotes(configs):
    name = "a' + open('pwned', 'w').name + '.py"
    message = configs.refused("x = '{{fileBasenameNoExtension}}'", name)
    assert 'an attribute' in message or 'a call' in message


def test_home_folder_is_the_one_that_is_read(configs, monkeypatch):
    """A folder named ``~`` is not taken for it: MMEngine opens the one of the user."""
    monkeypatch.setenv('HOME', str(configs.root / 'home'))
    configs.write('x = 1', '~/cfg.py')
    configs.write(PROGRAM, 'home/cfg.py')
    with pytest.raises(ValueError, match='here is a call of `open`'):
        load_config('~/cfg.py', safe=True)
    assert not Path('pwned').exists()


def test_no_file(configs):
    configs.write('', 'folder.py/a')
    with pytest.raises(ValueError, match='is a folder'):
        load_config('folder.py', safe=True)
    configs.root.joinpath('bytes.py').write_bytes(b'x = "\xff"')
    with pytest.raises(ValueError, match=r'bytes\.py cannot be read'):
        load_config('bytes.py', safe=True)
