"""Configs that come with the package, and those that cannot be read."""

from pathlib import Path

import pytest

from mmavssl.utils import config_files
from mmavssl.utils.commands import shipped
from mmavssl.utils.config_files import find_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError

CONFIGS = shipped('configs')
NAME = 'asl_mix/ucf51_1shot.py'


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refusal(path: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return str(caught.value)


@pytest.mark.parametrize('path', [NAME, f'configs/{NAME}'])
def test_config_of_the_package_from_any_folder(path):
    assert find_config(path) == str(CONFIGS / NAME)
    cfg = load_config(path, safe=True)
    assert cfg.model.type == 'SemiSupervisedRecognizer'
    assert cfg.work_dir == 'work_dirs/asl_mix/ucf51_1shot'


def test_own_file_goes_before():
    for name in (NAME, f'configs/{NAME}'):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text('model = dict(type="Own")\n')
        assert find_config(name) == name
        assert load_config(name).model.type == 'Own'


@pytest.mark.parametrize('prefix', ['', 'configs/'])
def test_nearest_of_the_package_is_named_as_it_was_asked_for(prefix):
    assert refusal(f'{prefix}asl_mix/ucf51_1shots.py') == (
        f"{prefix}asl_mix/ucf51_1shots.py does not exist. Did you mean '{prefix}{NAME}'?"
    )


def test_file_of_another_folder_is_not_looked_for_in_the_package(tmp_path):
    path = f'{tmp_path}/x/{NAME}'
    assert refusal(path) == (
        f'{path} does not exist. Correct the path; {CONFIGS} has configs as well.'
    )


def test_checkpoint_in_the_place_of_the_config():
    Path('epoch_1.pth').touch()
    assert refusal('epoch_1.pth') == (
        'epoch_1.pth is no config: expected a name that ends with one of .py, .yaml, .yml, .json. '
        'Name the config in this place.'
    )


def test_folder():
    Path('asl_mix').mkdir()
    assert refusal('asl_mix') == 'asl_mix is a folder. Name a config in it.'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('x = 1\nmodel = dict(\n', "mine.py:2: SyntaxError: '(' was never closed."),
        ('x = 1\nmodel = y\n', "mine.py:2: NameError: name 'y' is not defined."),
        ('x = 1\ny = {}["a"]\n', "mine.py:2: KeyError: 'a'."),
        ("raise ValueError('a\\nb.')\n", 'mine.py:1: ValueError: a b.'),
    ],
)
def test_fault_with_its_line(text, message):
    Path('mine.py').write_text(text)
    assert refusal('mine.py') == f'{message} Correct the config.'


def test_fault_of_a_base(tmp_path):
    Path('base.py').write_text('x = 1\ny = z\n')
    Path('mine.py').write_text("_base_ = 'base.py'\n")
    assert refusal('mine.py') == (
        f"{tmp_path}/base.py:2: NameError: name 'z' is not defined. Correct the config."
    )
    Path('mine.py').write_text("_base_ = 'nowhere.py'\n")
    assert refusal('mine.py') == (
        f'mine.py: `_base_` names {tmp_path}/nowhere.py, which does not exist. Correct it: such a '
        'path is relative to the config that has it.'
    )


def test_fault_in_yaml():
    Path('mine.yaml').write_text('model: [1, 2\n')
    assert refusal('mine.yaml').startswith('mine.yaml: ParserError: while parsing ')


def test_bug_of_a_plugin_keeps_its_traceback(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    Path('faulty_plugin.py').write_text('1 / 0\n')
    Path('mine.py').write_text("custom_imports = dict(imports=['faulty_plugin'])\n")
    with pytest.raises(ZeroDivisionError):
        load_config('mine.py')


def test_frames_of_another_mmengine():
    """Where none of its functions is known, the file that was asked for is named."""
    error = ValueError('odd')
    assert str(config_files.reading_failure('a.py', error)) == (
        'a.py: ValueError: odd. Correct the config.'
    )
