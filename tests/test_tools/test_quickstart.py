"""Steps of tools/quickstart.py: in the current folder, with tools from wherever they are."""

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.terminal import run_in_terminal, screen

ROOT = Path(__file__).parents[2]


@pytest.fixture
def quickstart(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location('quickstart', ROOT / 'tools/quickstart.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / 'package/tools').mkdir(parents=True)
    (tmp_path / 'package/tools/train.py').write_text(
        'import sys\nfrom pathlib import Path\n'
        "Path('arguments').write_text(' '.join(sys.argv[1:]))\n"
        "print('trained')\nsys.exit(int(sys.argv[1]))\n"
    )
    (tmp_path / 'here').mkdir()
    monkeypatch.chdir(tmp_path / 'here')
    monkeypatch.setattr(module, 'ROOT', tmp_path / 'package')
    return module


def test_steps_run_here(quickstart, capsys, monkeypatch):
    steps = quickstart.Steps(Path('work/quickstart.log'))
    steps.run('train', 'tools/train.py', '0', Path('a'))
    assert Path('arguments').read_text() == '0 a'
    assert 's] train: python tools/train.py 0 a' in capsys.readouterr().out
    assert steps.log.read_text() == '\n$ python tools/train.py 0 a\ntrained\n'
    monkeypatch.setattr(sys, 'argv', ['mmavssl quickstart'])
    steps.run('train', 'tools/train.py', '0')
    assert 's] train: mmavssl train 0' in capsys.readouterr().out


def test_step_that_fails_ends_it(quickstart, capsys):
    steps = quickstart.Steps(Path('quickstart.log'))
    with pytest.raises(SystemExit) as ended:
        steps.run('train', 'tools/train.py', '3')
    assert ended.value.code == 3
    assert 'trained\nquickstart: "train" failed with status 3; see quickstart.log.' in (
        capsys.readouterr().out
    )


WORK = """
from mmavssl.utils.progress import progress_bar
with progress_bar('Working', 2) as advance:
    print('into the log')
    advance()
"""
STEPS = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location('quickstart', sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.ROOT = Path('.')
module.Steps(Path('quickstart.log')).run('work', 'work.py', 'now')
"""


def test_bar_of_a_step_is_seen_and_not_logged(tmp_path):
    (tmp_path / 'work.py').write_text(WORK)
    command = [sys.executable, '-c', STEPS, str(ROOT / 'tools/quickstart.py')]
    status, written = run_in_terminal(command, cwd=tmp_path, env={'PYTHONPATH': str(ROOT)})
    assert status == 0
    assert 'Working' in written
    assert screen(written) == ['[   0 s] work: python work.py now', '']
    assert (tmp_path / 'quickstart.log').read_text() == '\n$ python work.py now\ninto the log\n'
