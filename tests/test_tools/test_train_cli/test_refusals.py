"""Configs and options that cannot be used, and a full disk: one line each."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.visualization import LocalVisBackend

from tests.test_tools.toy_plugin_files import TOY_CONFIG

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ('option', 'expected'),
    [
        ('model.mixer.masker.type=TubeTokn', "model.mixer.masker: 'TubeTokn' is not a masker."),
        ('model.mixer.masker.type=ClsHead', "model.mixer.masker: 'ClsHead' is not a masker. It"),
        ('model.mixer.alpa=3', 'model.mixer.alpa: TokenMix has no argument'),
        ('data_root=/data', '--cfg-options data_root: nothing reads'),
    ],
)
def test_config_errors_are_one_line(tools, option, expected):
    config = ROOT / 'configs/asl_mix/avsprites_5shot.py'
    assert tools.error('train', config, '--cfg-options', option).startswith(expected)


def test_mixed_precision(tools, toy, monkeypatch):
    assert tools('train', 'toy.py', '--amp', '--work-dir', 'run') == 0
    config = Config.fromfile('run/toy.py')
    assert config.optim_wrapper.type == 'AutocastOptimWrapper'
    option = 'optim_wrapper.type=AmpOptimWrapper'
    line = tools.error('train', 'toy.py', '--amp', '--cfg-options', option)
    assert line.startswith("--amp replaces `optim_wrapper.type` OptimWrapper, but it is 'AmpOpt")


def test_full_disk_is_one_line(tools, toy, monkeypatch):
    """Also where no checkpoint is written, but the log."""

    def refuse(self, *args):
        raise OSError(errno.ENOSPC, 'No space left on device', 'scalars.json')

    monkeypatch.setattr(LocalVisBackend, 'add_scalars', refuse)
    visualizer = "dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])"
    Path('fine.py').write_text(
        f"{TOY_CONFIG}visualizer = {visualizer}\n"
        "default_hooks.update(logger=dict(type='LoggerHook', interval=1))\n"
    )
    assert tools('train', 'fine.py') == 2
    line = tools.capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith('train: The disk is full ([Errno 28] No space left on device')


def test_slurm_without_gpus(tools, toy, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    line = tools.error('train', 'toy.py', '--launcher', 'slurm')
    assert line.startswith('--launcher slurm needs a CUDA device')


def test_second_run_in_a_work_dir(tools, toy, tmp_path):
    hold = (
        'import sys\nfrom mmavssl.utils.work_dir_lock import work_dir_in_use\n'
        "with work_dir_in_use('run'):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, '-c', hold]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b'held\n'
        line = tools.error('train', 'toy.py', '--work-dir', 'run')
        assert line.startswith(f'{tmp_path}/run is in use by another run (process {other.pid} on ')
        other.stdin.close()
    assert tools('train', 'toy.py', '--work-dir', 'run') == 0
    assert not Path('run/.in_use').exists()


def test_ctrl_c(tools, toy, monkeypatch, capsys):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr('mmengine.runner.Runner.train', stop)
    assert tools('train', 'toy.py', '--work-dir', 'run') == 130
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == 'train: stopped. --resume goes on from the last checkpoint.'
    assert not Path('run/.in_use').exists()
