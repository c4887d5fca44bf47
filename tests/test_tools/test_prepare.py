"""The tools that prepare data sets, as a user runs them."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmavssl.datasets.splits import make_split

ROOT = Path(__file__).parents[2]
NAMES = ('ucf51', 'k400', 'vggsound', 'folder')


@pytest.fixture
def run(capsys):
    """Return a function that runs a tool and returns its status, output and errors."""

    def run_tool(name, *args):
        path = ROOT / f'tools/data/prepare_{name}.py'
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            status = module.main([*map(str, args)])
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return run_tool


@pytest.fixture
def raw(tmp_path, avsprites_root, remove_sound):
    """Three clips with sound and one without, in folders of classes."""
    clips = sorted((avsprites_root / 'videos').rglob('*.mp4'))[:4]
    for number, clip in enumerate(clips):
        path = tmp_path / f'raw/{"run" if number < 3 else "sit"}/{number}.mp4'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clip.read_bytes())
    remove_sound(tmp_path / 'raw/run/1.mp4')
    return tmp_path / 'raw'


def test_folder(run, raw, tmp_path):
    status, out, _ = run('folder', raw, tmp_path / 'own', '--workers', 2, '--test-percent', 40)
    assert status == 0
    assert 'rejected: no sound' in out
    assert "WARNING: no test clip is left of 1 classes: 'sit'" in out
    assert out.endswith(f'The lists are in {tmp_path}/own.\n')
    assert (tmp_path / 'own/classes.txt').read_text() == 'run\nsit\n'


def content(folder):
    return {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_lists_are_not_made_of_themselves(run, raw, tmp_path):
    """After the example of docs/own_videos.md, its command for other layouts changes nothing."""
    own = tmp_path / 'own'
    assert run('folder', raw, own, '--workers', 1)[0] == 0
    before = content(own)
    for options in ([], ['--overwrite'], ['--shard', '1/2']):
        status, _, error = run('folder', own, own, *options)
        assert status == 2
        assert error.startswith(f'prepare_folder: {own} is a folder of lists, and has no folders ')
        assert error.count('\n') == 1
        assert content(own) == before
    assert run('folder', own / 'videos', own, '--workers', 1)[0] == 0
    assert content(own) == before


def test_other_classes_need_overwrite(run, raw, tmp_path):
    own = tmp_path / 'own'
    assert run('folder', raw, own, '--workers', 1)[0] == 0
    before = content(own)
    (raw / 'sit').rename(raw / 'stand')
    arguments = ('folder', raw, own, '--workers', 1)
    status, _, error = run(*arguments)
    assert status == 2
    assert error.startswith(
        f'prepare_folder: {own}/classes.txt has other classes than RAW_DIR (1 class would go: '
    )
    assert content(own) == before
    assert run(*arguments, '--overwrite')[0] == 0
    assert (own / 'classes.txt').read_text() == 'run\nstand\n'


def test_splits_that_no_longer_fit_are_told(run, raw, tmp_path, monkeypatch):
    own, arguments = tmp_path / 'own', ('folder', raw, tmp_path / 'own', '--workers', 1)
    for number in range(4, 12):
        shutil.copy(raw / 'run/0.mp4', raw / f'{"run" if number % 2 else "sit"}/{number}.mp4')
    assert run(*arguments)[0] == 0
    make_split(own / 'manifest_train.csv', own / 'classes.txt', own / 'splits/x', shots=1)
    assert 'splits/x' not in run(*arguments)[1]
    [warning] = [s for s in run(*arguments, '--seed', 1)[1].splitlines() if 'splits/x' in s]
    assert warning.startswith('WARNING: splits/x: made from another list.')
    assert warning.endswith('with --overwrite: tools/data/make_split.py')
    monkeypatch.setattr('sys.argv', ['mmavssl prepare folder'])
    assert 'again as before, with --overwrite: mmavssl split\n' in run(*arguments, '--seed', 1)[1]


def test_shards(run, raw, tmp_path):
    arguments = ('folder', raw, tmp_path / 'own', '--unlabeled', '--workers', 1)
    assert run(*arguments, '--shard', '1/2')[:2] == (
        0,
        'Part 1 of 2 is read. When all are: --merge.\n',
    )
    status, _, error = run(*arguments, '--merge')
    assert status == 2
    assert error.startswith('prepare_folder: 2 of 4 files have not been read by a shard')
    assert error.count('\n') == 1
    assert run(*arguments, '--shard', '2/2')[0] == 0
    assert run(*arguments, '--merge')[0] == 0
    text = (tmp_path / 'own/manifest_unlabeled.csv').read_text()
    assert text.splitlines()[1:] == [
        f'videos_unlabeled/{x}.mp4,' for x in ('run/0', 'run/2', 'sit/3')
    ]


@pytest.mark.parametrize('name', NAMES)
def test_user_errors(run, tmp_path, name):
    status, _, error = run(name, tmp_path / 'nowhere', tmp_path / 'out')
    assert (status, error) == (
        2, f'prepare_{name}: {tmp_path}/nowhere is not a folder. Name the one that the videos are '
        'in.\n',
    )  # fmt: skip
    assert run(name, tmp_path, tmp_path / 'out')[0] == 2
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('options', [['--shard', '3/2'], ['--shard', '0/2'], ['--workers', '0']])
def test_bad_options(run, tmp_path, options):
    status, _, error = run('ucf51', tmp_path, tmp_path, *options)
    assert status == 2
    assert f'argument {options[0]}: expected' in error


@pytest.mark.parametrize('name', NAMES)
def test_help_does_not_wait_for_torch(name):
    code = (
        'import runpy, sys\n'
        'try:\n    runpy.run_path(sys.argv[1], run_name="__main__")\n'
        'finally:\n    assert "torch" not in sys.modules and "av" not in sys.modules\n'
    )
    tool = str(ROOT / f'tools/data/prepare_{name}.py')
    result = subprocess.run(
        [sys.executable, '-c', code, tool, '--help'], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    assert 'RAW_DIR' in result.stdout


@pytest.mark.slow
def test_killed_run_goes_on(run, raw, tmp_path):
    for number in range(400):
        (raw / f'sit/link{number}.mp4').symlink_to('3.mp4')
    tool = ROOT / 'tools/data/prepare_folder.py'
    table = tmp_path / 'own/probe.csv'
    command = [sys.executable, tool, raw, tmp_path / 'own', '--workers', '1']
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        while not (table.exists() and table.read_text().count('\n') > 5):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    done = table.read_text().splitlines()[1:-1]
    assert 3 < len(done) < 400
    assert run('folder', raw, tmp_path / 'own', '--workers', 1)[0] == 0
    assert {*done} < {*table.read_text().splitlines()}
