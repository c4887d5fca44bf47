"""Plugins that a config names, or the command line."""

import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.plugin_imports import import_plugins

NAMES = ('first_plugin', 'second_plugin')
#: Python 3.10 calls a decorator in the line of its class.
DECORATOR_LINE = 2 if sys.version_info >= (3, 11) else 3


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """A folder with two plugins, a config without and one with the first of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in NAMES:
        Path(f'{name}.py').write_text('')
    Path('plain.py').write_text("model = dict(type='A')\n")
    Path('own.py').write_text("custom_imports = dict(imports=['first_plugin'])\n")
    yield
    for name in [name for name in sys.modules if name.startswith(NAMES)]:
        del sys.modules[name]


def imported() -> list[str]:
    return [name for name in NAMES if name in sys.modules]


def test_plugin_of_a_config():
    load_config('own.py')
    assert imported() == ['first_plugin']


@pytest.mark.parametrize(
    ('option', 'names'),
    [
        ('custom_imports.imports=second_plugin', ['second_plugin']),
        ('custom_imports.imports=[first_plugin,second_plugin]', [*NAMES]),
        ('custom_imports=second_plugin', ['second_plugin']),
        ('custom_imports=[second_plugin]', ['second_plugin']),
        ('custom_imports=None', []),
    ],
)
@pytest.mark.parametrize('file', ['plain.py', 'own.py'])
def test_plugin_of_the_command_line_takes_the_place_of_the_config_s(file, option, names):
    cfg = load_config(file, [option])
    assert imported() == names
    for name in NAMES:
        sys.modules.pop(name, None)
    cfg.dump('copy.py')
    Config.fromfile('copy.py')  # as MMEngine reads the copy that a run leaves
    assert imported() == names


def test_plugin_that_does_not_import():
    with pytest.raises(ConfigError) as caught:
        load_config('plain.py', ['custom_imports.imports=[second_plugin,no_such_plugin]'])
    assert str(caught.value) == (
        'plain.py: a module of `custom_imports` does not import: No module named '
        "'no_such_plugin'. PYTHONPATH must have the folder that holds it."
    )
    option = 'custom_imports.allow_failed_imports=True'
    with pytest.warns(UserWarning, match='no_such_plugin failed to import'):
        load_config('plain.py', ['custom_imports.imports=no_such_plugin', option])


@pytest.mark.parametrize(
    ('text', 'ends'),
    [
        (
            'import os\nimport no_such_package\n',
            ": a module of `custom_imports` does not import: No module named 'no_such_package' "
            '({file}:2). Install or correct what it imports there.',
        ),
        (
            'from os import no_such_thing\n',
            "({file}:1). Install or correct what it imports there.",
        ),
        (
            'from mmavssl.registry import MASKERS\n@MASKERS.register_module\nclass A: ...\n',
            '{file}:{decorator}: register_module lacks its parentheses. Write register_module().',
        ),
        (
            'from mmavssl.registry import MASKERS\n'
            '@MASKERS.register_module()\nclass TubeToken: ...\n',
            '{file}:{decorator}: TubeToken is already registered in masker at '
            'mmavssl.models.maskers.tube_token. Give the class another name.',
        ),
    ],
)
def test_plugin_that_fails_is_named_with_its_line(text, ends):
    file = Path('first_plugin.py').resolve()
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config('own.py')
    ends = ends.format(file=file, decorator=DECORATOR_LINE)
    assert str(caught.value).endswith(ends)


@pytest.mark.parametrize('text', ["raise TypeError('mine')", "raise KeyError('mine')", '1 / 0'])
def test_other_errors_of_a_plugin_are_left_to_their_traceback(text):
    Path('first_plugin.py').write_text(text)
    with pytest.raises((TypeError, KeyError, ZeroDivisionError)) as caught:
        load_config('own.py')
    assert not isinstance(caught.value, ConfigError)


def test_module_of_a_package_that_fails():
    """The line is that of the module, not that of the package which imports it."""
    Path('first_plugin.py').unlink()
    folder = Path('first_plugin').resolve()
    folder.mkdir()
    (folder / '__init__.py').write_text('from first_plugin import part\n')
    (folder / 'part.py').write_text('\nimport no_such_package\n')
    with pytest.raises(ConfigError, match=f'{folder}/part.py:2'):
        load_config('own.py')


@pytest.mark.parametrize(
    ('named', 'module'),
    [('first_plugin.py', 'first_plugin'), ('own/part.py', 'own.part')],
)
def test_file_in_the_place_of_a_module(named, module):
    with pytest.raises(ConfigError) as caught:
        load_config('plain.py', [f'custom_imports.imports={named}'])
    assert str(caught.value).endswith(f'{named!r} is a file. Name its module, {module!r}.')


@pytest.mark.parametrize(
    'named',
    [3, [3], '.second_plugin', {'import': ['second_plugin']}, {'imports': ('second_plugin',)}],
)
def test_what_is_no_module(named):
    with pytest.raises(ConfigError, match='custom_imports: expected names of modules, such'):
        import_plugins(Config({'custom_imports': named}))
    assert not imported()
