"""tools/train.py and tools/test.py as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]

TOY_MODULE = """
import torch
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmavssl.registry import DATASETS, METRICS, MODELS

@DATASETS.register_module()
class ToyDataset(BaseDataset):
    def load_data_list(self):
        return [dict(x=torch.full((3,), float(i)), y=torch.tensor([i % 2.0])) for i in range(8)]

@MODELS.register_module()
class ToyModel(BaseModel):
    def __init__(self, width=1, init_cfg=None, data_preprocessor=None):
        super().__init__(data_preprocessor, init_cfg)
        self.layer = torch.nn.Linear(3, width)

    def forward(self, x, y, mode='tensor', **kwargs):
        out = self.layer(torch.stack(x))
        return dict(loss=(out - torch.stack(y)).abs().mean()) if mode == 'loss' else list(out)

@METRICS.register_module()
class ToyMetric(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += [float(sample.sum()) for sample in data_samples]

    def compute_metrics(self, results):
        return dict(mean=sum(results) / len(results))
"""
TOY_CONFIG = """
custom_imports = dict(imports=['toy_plugin'], allow_failed_imports=False)
default_scope = 'mmavssl'
model = dict(type='ToyModel')
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='ToyDataset'))
test_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ToyDataset', test_mode=True))
test_evaluator = dict(type='ToyMetric')
test_cfg = dict()
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
default_hooks = dict(plain_checkpoint=dict(type='PlainCheckpointHook'))
randomness = dict(seed=0)
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A folder with a plugin and a config that uses it."""
    (tmp_path / 'toy_plugin.py').write_text(TOY_MODULE)
    (tmp_path / 'toy.py').write_text(TOY_CONFIG)
    return tmp_path


def run(folder: Path, tool: str, *args: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / 'tools' / f'{tool}.py', *map(str, args)],
        cwd=folder,
        env={
            **os.environ,
            'PYTHONPATH': f'{ROOT}{os.pathsep}{folder}',
            'OMP_NUM_THREADS': '1',
            'CUDA_VISIBLE_DEVICES': '-1',
        },
        capture_output=True,
        text=True,
    )


def error_line(result: subprocess.CompletedProcess, tool: str = 'train') -> str:
    """Return the one line that the tool wrote after (at most) warnings of libraries."""
    assert result.returncode == 2, result.stderr
    lines = result.stderr.strip().splitlines()
    assert lines[-1].startswith(f'{tool}: ')
    assert 'Traceback' not in result.stderr
    return lines[-1].removeprefix(f'{tool}: ')


@pytest.mark.parametrize('tool', ['train', 'test'])
def test_help_needs_no_torch(tool, tmp_path):
    (tmp_path / 'torch.py').write_text('raise SystemExit("torch was imported")')
    result = run(tmp_path, tool, '--help')
    assert result.returncode == 0
    for option in ('--work-dir', '--cfg-options', '--launcher'):
        assert option in result.stdout


def test_missing_data_stops_before_anything_is_built(tmp_path):
    config = ROOT / 'configs/asl_mix/avsprites_5shot.py'
    line = error_line(run(tmp_path, 'train', config))
    assert line.startswith('data/avsprites does not exist')
    assert '`train_dataloader.dataset.labeled.data_root` names it' in line
    assert line.endswith('To prepare it: python tools/data/make_avsprites.py data/avsprites --workers 2')
    assert not (tmp_path / 'work_dirs').exists()


def test_missing_localizer(tmp_path, avsprites_root):
    config = ROOT / 'configs/asl_mix/avsprites_1shot.py'
    names = ['train_dataloader.dataset.labeled', 'train_dataloader.dataset.unlabeled', 'val_dataloader.dataset']
    options = [f'{name}.data_root={avsprites_root}' for name in names]
    line = error_line(run(tmp_path, 'train', config, '--cfg-options', *options))
    assert '`model.mixer.masker.localizer.init_cfg.checkpoint` names it' in line
    assert line.endswith('python tools/train.py configs/localizers/fnac_avsprites.py')


@pytest.mark.parametrize(
    ('option', 'expected'),
    [
        ('model.mixer.masker.type=TubeTokn', "model.mixer.masker: 'TubeTokn' is not a masker."),
        ('model.mixer.alpa=3', 'model.mixer.alpa: TokenMix has no argument'),
        ('data_root=/data', '--cfg-options data_root: nothing reads'),
    ],
)
def test_config_errors_are_one_line(tmp_path, option, expected):
    config = ROOT / 'configs/asl_mix/avsprites_5shot.py'
    assert error_line(run(tmp_path, 'train', config, '--cfg-options', option)).startswith(expected)


def test_train_resume_and_test(toy):
    assert run(toy, 'train', 'toy.py', '--work-dir', 'run').returncode == 0
    first = torch.load(toy / 'run/epoch_1.pth', weights_only=True)

    longer = ('--work-dir', 'run', '--cfg-options', 'train_cfg.max_epochs=2')
    result = run(toy, 'train', 'toy.py', '--resume', *longer)
    assert result.returncode == 0, result.stderr
    second = torch.load(toy / 'run/epoch_2.pth', weights_only=True)
    assert (first['meta']['iter'], second['meta']['iter']) == (4, 8)
    assert len(second['message_hub']['log_scalars']['train/loss']['values']) == 8

    args = ('--work-dir', 'run', '--out', 'out/metrics.json')
    result = run(toy, 'test', 'toy.py', 'run/epoch_2.pth', *args)
    assert result.returncode == 0, result.stderr
    weight, bias = second['state_dict'].values()
    expected = float(weight.sum() * 3.5 + bias)
    assert json.loads((toy / 'out/metrics.json').read_text()) == pytest.approx({'mean': expected})
    assert f'mean: {expected:.2f}' in result.stdout


def test_resume_from_what_does_not_fit(toy):
    torch.save({'state_dict': {'other.weight': torch.zeros(1)}, 'meta': {}}, toy / 'other.pth')
    line = error_line(run(toy, 'train', 'toy.py', '--resume', 'other.pth'))
    assert line == (
        'other.pth does not fit the config: it lacks layer.weight, layer.bias (2 of 2 parameters).'
    )
    line = error_line(run(toy, 'train', 'toy.py', '--resume', 'nowhere.pth'))
    assert line == 'The checkpoint nowhere.pth does not exist.'


def test_resume_without_checkpoint_is_a_new_run(toy):
    result = run(toy, 'train', 'toy.py', '--resume', 'auto', '--work-dir', 'new')
    assert result.returncode == 0, result.stderr
    assert (toy / 'new/epoch_1.pth').is_file()


def test_mixed_precision_on_a_cpu(toy):
    line = error_line(run(toy, 'train', 'toy.py', '--amp'))
    assert line.startswith('--amp needs a CUDA device')


def test_tested_checkpoint_must_fit_and_exist(toy):
    line = error_line(run(toy, 'test', 'toy.py', 'nowhere.pth'), 'test')
    assert line == 'The checkpoint nowhere.pth does not exist.'
    state = {'layer.weight': torch.zeros(2, 3), 'layer.bias': torch.zeros(2)}
    torch.save({'state_dict': state, 'meta': {}}, toy / 'wide.pth')
    line = error_line(run(toy, 'test', 'toy.py', 'wide.pth'), 'test')
    assert 'layer.weight is (2, 3) instead of (1, 3)' in line


def test_teacher_of_a_model_without_one(toy):
    line = error_line(run(toy, 'test', 'toy.py', 'any.pth', '--use', 'teacher'), 'test')
    assert line == '--use teacher: ToyModel has no teacher. Leave --use out.'
