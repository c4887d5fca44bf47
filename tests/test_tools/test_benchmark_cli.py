"""tools/benchmark.py: its options, its exit status, and a grid that is really run."""

import importlib.util
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmavssl.cli import load

ROOT = Path(__file__).parents[2]
GRID = """
name = 'tiny'
title = 'Two iterations'
baseline = 'plain'
options = [
    'randomness.seed={seed}',
    'train_dataloader.dataset.ann_file=splits/1shot_seed0/labeled.csv',
    'train_dataloader.dataset.data_root=data/avsprites', 'train_dataloader.batch_size=4',
    'train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False',
    'train_dataloader.sampler.epoch_size=8', 'test_dataloader.num_workers=0',
    'val_dataloader.num_workers=0', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1',
]
rows = [
    dict(name='plain', config='configs/supervised/avsprites_2shot.py'),
    dict(
        name='faster', config='configs/supervised/avsprites_2shot.py',
        options=['optim_wrapper.optimizer.lr=0.01'],
    ),
    dict(
        name='wrong', config='configs/supervised/avsprites_2shot.py',
        options=['train_dataloader.dataset.ann_file=nothing.csv'],
    ),
]
"""


@pytest.fixture
def tool(tmp_path, monkeypatch, capsys):
    """The tool in a copy of what it needs of the repository; returns status and output."""
    for name in ('configs', 'tools'):
        (tmp_path / name).symlink_to(ROOT / name)
    spec = importlib.util.spec_from_file_location('benchmark_tool', ROOT / 'tools/benchmark.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, 'ROOT', tmp_path)
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tool sets these two
    monkeypatch.setenv('LOCAL_RANK', '0')

    def run(*args):
        capsys.readouterr()
        status = module.main([str(arg) for arg in args])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def grid_file(tmp_path):
    file = tmp_path / 'tiny.py'
    file.write_text(GRID)
    return file


@pytest.mark.parametrize(
    'options',
    [
        [],
        ['grid.py', '--check-zoo'],
        ['--write-zoo', '--check-zoo'],
        ['grid.py', '--resume', '--overwrite'],
        ['grid.py', '--resume', '--report'],
    ],
)
def test_options_that_do_not_go_together(tool, options):
    with pytest.raises(SystemExit) as error:
        tool(*options)
    assert error.value.code == 2


def test_a_mistake_is_one_line(tool, grid_file):
    status, _, errors = tool(grid_file, '--only', 'plane')
    assert status == 2
    assert errors.startswith("benchmark: The grid tiny has no row 'plane'. Did you mean 'plain'?")
    assert errors.count('\n') == 1
    status, _, errors = tool(grid_file.with_name('tony.py'))
    assert status == 2
    assert 'does not exist' in errors


def test_an_option_without_effect_is_found_before_anything_runs(tool, grid_file, tmp_path):
    grid_file.write_text(GRID.replace('optim_wrapper.optimizer.lr', 'optim_wraper.lr'))
    status, _, errors = tool(grid_file)
    assert status == 2
    assert 'nothing reads `optim_wraper`' in errors
    assert not (tmp_path / 'work_dirs').exists()


def test_report_without_results(tool, grid_file):
    status, output, _ = tool(grid_file, '--report')
    assert (status, output) == (0, 'benchmarks/results/grid_tiny.jsonl has no results.\n')


def test_stale_zoo_is_an_error(tool, tmp_path, monkeypatch):
    from mmavssl.apis.grid import zoo

    tables = {name: part for name, part in zoo.PARTS.items() if name == 'accuracies in the paper'}
    monkeypatch.setattr(zoo, 'PARTS', tables)
    (part,) = tables.values()
    (tmp_path / 'model_zoo.md').write_text(
        f'<!-- accuracies in the paper: written by {part.tool} -->\n'
        '<!-- end of accuracies in the paper -->\n'
    )
    status, _, errors = tool('--check-zoo')
    assert status == 1
    assert 'is stale' in errors
    assert tool('--write-zoo')[0] == 0
    assert tool('--check-zoo') == (0, '', '')


@pytest.mark.slow
def test_a_grid_that_is_run(tool, grid_file, tmp_path, avsprites_root):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/avsprites').symlink_to(avsprites_root)
    status, output, errors = tool(grid_file, '--seeds', '0')
    assert status == 1
    failed = [line for line in errors.splitlines() if line.startswith('benchmark: wrong_')]
    assert len(failed) == 1
    assert 'nothing.csv' in failed[0]
    assert '| plain (`supervised/avsprites_2shot.py`)' in output
    assert (tmp_path / 'docs/images/grid_tiny.png').stat().st_size > 1000
    lines = (tmp_path / 'benchmarks/results/grid_tiny.jsonl').read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [(record['row'], record['seed']) for record in records] == [('plain', 0), ('faster', 0)]
    for record in records:
        assert 0 <= record['student']['last']['top1'] <= 100
        # Validated after the only epoch, by the views of the test.
        assert record['student']['best'] == {**record['student']['last'], 'epoch': 1}
        assert record['teacher'] is None
        assert record['train_seconds'] > 0.5
        assert record['peak_mb'] > 100
    status, output, _ = tool(grid_file, '--seeds', '0', '--only', 'plain', '--resume')
    assert status == 0
    assert '1 of 1 runs have a result.' in output


@pytest.mark.slow
def test_sigterm_lets_the_run_save(tmp_path, avsprites_root):
    for name in ('configs', 'mmavssl'):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / 'tools', tmp_path / 'tools')  # its place says where the root is
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/avsprites').symlink_to(avsprites_root)
    grid_file = tmp_path / 'tiny.py'
    grid_file.write_text(GRID.replace('max_epochs=1', 'max_epochs=100000'))
    command = [sys.executable, 'tools/benchmark.py', 'tiny.py', '--only', 'plain']
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    folder = tmp_path / 'work_dirs/grids/tiny/plain_0'
    for _ in range(600):
        if list(folder.glob('epoch_*.pth')) or process.poll() is not None:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 75
    assert (folder / 'preempted').exists()
    progress = json.loads((folder / 'grid_run.json').read_text())
    assert progress['train_seconds'] > 1
    assert not progress['trained']
    assert not (tmp_path / 'benchmarks').exists()


def test_installed_package_has_no_grids(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tool sets these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.setattr(signal, 'signal', lambda *handler: None)
    module = load('bench')
    monkeypatch.setattr(module, 'ROOT', tmp_path / '.mim')
    assert module.main(['--check-zoo']) == 2
    line = capsys.readouterr().err
    assert line.startswith('benchmark: Grids and their results are in benchmarks/ of the repos')
