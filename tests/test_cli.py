"""``python -m mmavssl``: its commands, what they say, and what they import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmavssl import cli
from mmavssl.utils import commands
from mmavssl.version import __version__

ROOT = Path(__file__).parents[1]
#: What takes long to import cannot be.
BLOCK = """
import runpy, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {'torch', 'mmengine', 'numpy', 'cv2', 'timm', 'rich'}:
            raise SystemExit(f'{name} was imported')

sys.meta_path.insert(0, Blocker())
"""
SCRIPTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'tools').rglob('*.py'))


def run(code: str, *argv: str) -> subprocess.CompletedProcess:
    """Run code in a process of its own in which nothing heavy can be imported."""
    return subprocess.run(
        [sys.executable, '-c', BLOCK + code, *argv], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip


def test_package_is_imported_without_torch():
    done = run('import mmavssl; print(mmavssl.__version__)')
    assert (done.returncode, done.stdout) == (0, f'{__version__}\n'), done.stderr


HELP_OF_SCRIPTS = """
import contextlib, io
for name in sys.argv[1:]:
    sys.argv, text = [name, '--help'], io.StringIO()
    try:
        with contextlib.redirect_stdout(text):
            runpy.run_path(name, run_name='__main__')
    except SystemExit as exit:
        if exit.code:
            raise SystemExit(f'{name}: {exit.code}')
    assert text.getvalue().startswith('usage: '), name
"""


def test_help_of_every_tool_imports_nothing_heavy():
    """In one process, as Python's own start takes most of the time."""
    assert len(SCRIPTS) > 25
    done = run(HELP_OF_SCRIPTS, *SCRIPTS)
    assert done.returncode == 0, done.stderr


HELP_OF_COMMANDS = """
import contextlib, io
from mmavssl.cli import main
for command in sys.argv[1:]:
    text = io.StringIO()
    try:
        with contextlib.redirect_stdout(text):
            main([*command.split(), '--help'])
    except SystemExit as exit:
        if exit.code:
            raise SystemExit(f'{command}: {exit.code}')
    usage = text.getvalue().partition('\\n')[0]
    assert usage.startswith(f'usage: mmavssl {command} '), usage
    assert 'python tools/' not in text.getvalue(), command
"""


def test_help_of_every_command_imports_nothing_heavy_and_names_commands():
    done = run(HELP_OF_COMMANDS, *commands.COMMANDS, *commands.GROUPS)
    assert done.returncode == 0, done.stderr


def test_every_tool_has_a_command_and_the_reverse():
    tools = {path.removeprefix('tools/').removesuffix('.py') for path in SCRIPTS}
    of_the_repository = {tool for tool in tools if tool.startswith('docs/')}
    assert set(commands.COMMANDS.values()) == tools - of_the_repository
    wanted = 'train test predict split prepare browse bench cost export info'
    assert set(wanted.split()) <= {command.split()[0] for command in commands.COMMANDS}


def test_list_of_commands(capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '80')
    assert cli.main(['--help']) == 0
    text = capsys.readouterr().out
    assert '  train       Train what a config describes.\n' in text
    assert '  prepare     Write the lists of a data set' in text
    assert 'is not there' not in text
    assert max(map(len, text.partition('\n\nmmavssl COMMAND')[0].splitlines())) <= 80
    assert cli.main(['prepare', '--help']) == 0
    assert '  ucf51            Prepare UCF-51: ' in capsys.readouterr().out


def test_no_command_is_a_mistake(capsys):
    for words in ([], ['prepare']):
        assert cli.main(words) == 2
        captured = capsys.readouterr()
        assert captured.out == ''
        assert captured.err.startswith('usage: mmavssl ')


def test_version(capsys):
    assert cli.main(['--version']) == 0
    assert capsys.readouterr().out == f'{__version__}\n'


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Return what makes a tool of which `train` is the command."""
    monkeypatch.setattr(cli, 'tool_file', lambda command: tmp_path / 'tool.py')

    def write(text):
        (tmp_path / 'tool.py').write_text(text)

    return write


def test_status_and_arguments_are_passed_on(tool, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['mmavssl', 'train'])
    tool('import sys\ndef main(argv): return len(argv) + 10 * (sys.argv[1:] == argv)')
    assert cli.main(['train', 'a', '--b', 'c']) == 13
    assert sys.argv == ['mmavssl', 'train']
    tool('def main(argv): return None')
    assert cli.main(['train']) == 0
    tool('def main(argv): raise SystemExit(75)')
    with pytest.raises(SystemExit) as left:
        cli.main(['train'])
    assert left.value.code == 75
    assert sys.argv == ['mmavssl', 'train']


def test_tool_that_is_not_there(tool, capsys, tmp_path):
    assert cli.main(['train']) == 2
    assert capsys.readouterr().err.startswith(f'mmavssl train: {tmp_path}/tool.py is not there. ')
