"""The new user's path with commands that do nothing; the real ones take minutes."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'benchmarks' / 'new_user.py'


@pytest.fixture
def new_user(monkeypatch):
    spec = importlib.util.spec_from_file_location('new_user', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.LAST = 'echo "$2 dog 0.9"'  # what the commands do at the end

    def create(folder: Path, with_pip: bool) -> None:
        assert with_pip
        (folder / 'bin').mkdir(parents=True)
        for name in ('pip', 'mmavssl'):
            command = folder / 'bin' / name
            lines = ('#!/bin/sh', 'env > "$HOME/env-$1"', 'pwd > "$HOME/pwd-$1"', module.LAST)
            command.write_text('\n'.join(lines))
            command.chmod(0o755)

    monkeypatch.setattr(module.venv, 'create', create)
    return module


@pytest.fixture
def video(tmp_path) -> Path:
    path = tmp_path / 'mine.mp4'
    path.write_bytes(b'')
    return path


def test_three_commands_in_an_empty_folder_and_environment(new_user, video, tmp_path, monkeypatch):
    monkeypatch.setenv('PYTHONPATH', '/repository')
    monkeypatch.setenv('MMAVSSL_PIP_ARGS', '--find-links wheels')
    home = tmp_path / 'home'
    home.mkdir()
    seconds = new_user.new_user(tmp_path / 'mmavssl-1.whl', video, home)
    assert list(seconds) == ['install', 'quickstart', 'predict']
    assert all(0 < value < 60 for value in seconds.values())
    for command in ('install', 'quickstart', 'predict'):
        assert (home / f'pwd-{command}').read_text().strip() == str(home / 'work')
        variables = (home / f'env-{command}').read_text()
        assert f'HOME={home}\n' in variables
        assert 'PYTHONPATH' not in variables
    assert [path.name for path in (home / 'work').iterdir()] == ['mine.mp4']


@pytest.mark.parametrize(
    ('last', 'error'), [('exit 3', subprocess.CalledProcessError), ('echo dog', RuntimeError)]
)
def test_failures_are_not_timed(new_user, video, tmp_path, last, error):
    new_user.LAST = last
    home = tmp_path / 'home'
    home.mkdir()
    with pytest.raises(error):
        new_user.new_user(tmp_path / 'mmavssl-1.whl', video, home)


def test_video_that_is_not_there(new_user, capsys):
    with pytest.raises(SystemExit):
        new_user.main(['--video', 'missing.mp4'])
    assert '--video: missing.mp4 is not a file.' in capsys.readouterr().err
