"""tools/dist_train.sh with two processes on the CPU (gloo)."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]

PLUGIN = """
import atexit
from pathlib import Path
import torch
from mmengine.dataset import BaseDataset
from mmengine.dist import get_dist_info
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmavssl.registry import DATASETS, HOOKS, MODELS
from mmavssl.utils.errors import DataError

@DATASETS.register_module()
class ToyDataset(BaseDataset):
    def __init__(self, broken=None, **kwargs):
        self.broken = broken
        super().__init__(**kwargs)

    def __getitem__(self, index):
        if index == self.broken:
            raise DataError(f'{index}.mp4: broken')
        return super().__getitem__(index)

    def load_data_list(self):
        return [dict(x=torch.full((3,), i / 8), y=torch.tensor([i % 2.0])) for i in range(8)]

@MODELS.register_module()
class ToyModel(BaseModel):
    def __init__(self, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.layer = torch.nn.Linear(3, 1)
        self.seen = []

    def forward(self, x, y, mode='tensor', **kwargs):
        self.seen += [int(8 * sample[0]) for sample in x]
        return dict(loss=((self.layer(torch.stack(x)) - torch.stack(y)) ** 2).mean())

@HOOKS.register_module()
class WriteRank(Hook):
    def after_train(self, runner):
        rank, world_size = get_dist_info()
        model = runner.model.module
        backend = torch.distributed.get_backend()
        torch.save(dict(world_size=world_size, backend=backend, seen=model.seen,
                        weights=dict(model.state_dict())), f'rank{rank}.pth')
        write_threads(f'training{rank}.txt')
        atexit.register(write_threads, f'end{rank}.txt')

def write_threads(file):
    names = [path.read_text() for path in Path('/proc/self/task').glob('*/comm')]
    Path(file).write_text(''.join(names))
"""
CONFIG = """
custom_imports = dict(imports=['toy_dist_plugin'], allow_failed_imports=False)
default_scope = 'mmavssl'
model = dict(type='ToyModel')
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ToyDataset'))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
default_hooks = dict(plain_checkpoint=dict(type='PlainCheckpointHook'))
custom_hooks = [dict(type='WriteRank')]
randomness = dict(seed=0)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def run(folder: Path, script: str, *args: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ['bash', str(ROOT / 'tools' / script), *args],
        cwd=folder,
        env={
            **os.environ,
            'PYTHON': sys.executable,
            'PYTHONPATH': str(folder),
            'PORT': str(free_port()),
            'OMP_NUM_THREADS': '1',
            'CUDA_VISIBLE_DEVICES': '-1',
            **env,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope='module')
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes have trained the toy model."""
    folder = tmp_path_factory.mktemp('dist')
    (folder / 'toy_dist_plugin.py').write_text(PLUGIN)
    (folder / 'toy.py').write_text(CONFIG)
    result = run(folder, 'dist_train.sh', 'toy.py', '2', '--work-dir', 'run')
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.slow
def test_two_processes_share_the_data_and_the_weights(two_processes):
    first, second = (torch.load(two_processes / f'rank{rank}.pth') for rank in (0, 1))
    assert first['world_size'] == second['world_size'] == 2
    assert first['backend'] == 'gloo'
    assert sorted(first['seen'] + second['seen']) == list(range(8))
    for name, tensor in first['weights'].items():
        assert torch.equal(tensor, second['weights'][name])


@pytest.mark.slow
@pytest.mark.skipif(not Path('/proc/self/task').is_dir(), reason='threads are listed by Linux')
def test_the_threads_of_the_group_end_before_the_interpreter(two_processes):
    """One that lets go of a tensor while Python ends would abort a run that has trained."""
    for rank in (0, 1):
        training, end = (
            (two_processes / f'{name}{rank}.txt').read_text() for name in ('training', 'end')
        )
        assert 'pt_gloo_runloop' in training
        assert 'pt_gloo_runloop' not in end
        assert end  # the list was written


@pytest.mark.slow
def test_the_step_is_that_of_the_mean_gradient(two_processes):
    """Two processes of batch 2 make the steps of one process of batch 4."""
    first = torch.load(two_processes / 'rank0.pth')
    second = torch.load(two_processes / 'rank1.pth')
    saved = torch.load(two_processes / 'run/epoch_1.pth', weights_only=True)
    torch.manual_seed(0)
    layer = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    for step in (0, 2):
        batch = torch.tensor(first['seen'][step : step + 2] + second['seen'][step : step + 2])
        x, y = (batch / 8)[:, None].expand(-1, 3), (batch % 2)[:, None]
        optimizer.zero_grad()
        ((layer(x) - y) ** 2).mean().backward()
        optimizer.step()
    torch.testing.assert_close(saved['state_dict']['layer.weight'], layer.weight.detach())


@pytest.mark.slow
@pytest.mark.parametrize('num_workers', [0, 1])
@pytest.mark.parametrize(('broken', 'prefix'), [(4, 'train: '), (5, 'train (rank 1): ')])
def test_bad_clip_of_one_process_is_named_and_ends_all(tmp_path, broken, prefix, num_workers):
    (tmp_path / 'toy_dist_plugin.py').write_text(PLUGIN)
    (tmp_path / 'toy.py').write_text(CONFIG)
    options = (
        f'train_dataloader.dataset.broken={broken}',
        f'train_dataloader.num_workers={num_workers}',
    )
    result = run(tmp_path, 'dist_train.sh', 'toy.py', '2', '--cfg-options', *options)
    assert result.returncode != 0
    assert f'{prefix}{broken}.mp4: broken' in result.stderr.splitlines()
    assert not list(tmp_path.glob('rank*.pth'))


def test_processes_are_started_by_torchrun(tmp_path):
    (tmp_path / 'python').write_text('#!/bin/sh\nprintf "%s\\n" "$PYTHONPATH" "$@"\n')
    (tmp_path / 'python').chmod(0o755)
    settings = dict(PYTHON=str(tmp_path / 'python'), PORT='1234', NNODES='2', NODE_RANK='1')
    result = run(tmp_path, 'dist_train.sh', 'toy.py', '4', '--work-dir', 'a b', **settings)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        f'{ROOT}:{tmp_path}', '-m', 'torch.distributed.run', '--nnodes=2', '--node_rank=1',
        '--master_addr=127.0.0.1', '--master_port=1234', '--nproc_per_node=4',
        f'{ROOT}/tools/train.py', 'toy.py', '--launcher', 'pytorch', '--work-dir', 'a b',
    ]  # fmt: skip


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh'])
def test_usage(script, tmp_path):
    result = run(tmp_path, script, 'config.py')
    assert result.returncode == 2
    assert result.stderr.startswith(f'usage: bash tools/{script} ')


def test_slurm_hands_its_arguments_on(tmp_path):
    (tmp_path / 'srun').write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / 'srun').chmod(0o755)
    result = run(
        tmp_path, 'slurm_train.sh', 'part', 'job', 'config.py', 'work', '--resume',
        PATH=f'{tmp_path}:{os.environ["PATH"]}', GPUS='8', GPUS_PER_NODE='4', SRUN_ARGS='--mem 9G',
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    words = result.stdout.split()
    assert words[:2] == ['-p', 'part']
    for word in ('--ntasks=8', '--gres=gpu:4', '--ntasks-per-node=4', '--mem', '9G'):
        assert word in words
    assert words[-6:] == ['config.py', '--work-dir', 'work', '--launcher', 'slurm', '--resume']
