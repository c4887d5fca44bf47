"""What is missing is told before anything is built."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run_process(folder: Path, tool: str, *args: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / 'tools' / f'{tool}.py', *map(str, args)],
        cwd=folder,
        env={**os.environ, 'PYTHONPATH': f'{ROOT}{os.pathsep}{folder}'},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize('tool', ['train', 'test'])
def test_help_needs_no_torch(tool, tmp_path):
    (tmp_path / 'torch.py').write_text('raise SystemExit("torch was imported")')
    result = run_process(tmp_path, tool, '--help')
    assert result.returncode == 0
    for option in ('--work-dir', '--cfg-options', '--launcher'):
        assert option in result.stdout


def test_missing_data_stops_before_anything_is_built(tmp_path):
    result = run_process(tmp_path, 'train', ROOT / 'configs/asl_mix/avsprites_5shot.py')
    assert result.returncode == 2
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith('train: data/avsprites does not exist')
    assert '`train_dataloader.dataset.labeled.data_root` names it' in line
    assert 'To prepare it: python tools/data/make_avsprites.py data/avsprites' in line
    assert 'Traceback' not in result.stderr
    assert not (tmp_path / 'work_dirs').exists()


def test_missing_data_names_path_key_and_command(tools, tmp_path):
    config = ROOT / 'configs/asl_mix/ucf51_1shot.py'
    option = f'train_dataloader.dataset.labeled.data_root={tmp_path}/nothing'
    line = tools.error('train', config, '--work-dir', tmp_path, '--cfg-options', option)
    assert str(tmp_path / 'nothing') in line
    assert 'train_dataloader.dataset.labeled.data_root' in line
    assert 'python tools/data/prepare_ucf51.py' in line
    assert not list(tmp_path.iterdir())


def test_missing_localizer(tools, tmp_path, monkeypatch, avsprites_root):
    monkeypatch.chdir(tmp_path)
    datasets = ('train_dataloader.dataset.labeled', 'train_dataloader.dataset.unlabeled')
    options = [
        f'{name}.data_root={avsprites_root}' for name in (*datasets, 'val_dataloader.dataset')
    ]
    config = ROOT / 'configs/asl_mix/avsprites_1shot.py'
    line = tools.error('train', config, '--cfg-options', *options)
    assert '`model.mixer.masker.localizer.init_cfg.checkpoint` names it' in line
    assert line.endswith('python tools/train.py configs/localizers/fnac_avsprites.py')
