"""The shipped configs through MMEngine's Runner, on real files."""

import copy
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'
SLOW = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ('supervised', 'svformer', 'svformer_flex')
]


def small_config(path: str, data_root: Path, work_dir: Path, epochs: int = 1) -> Config:
    """Return a shipped AVSprites config, cut to two iterations per epoch on the test's data."""
    cfg = Config.fromfile(CONFIGS / path)
    cfg.work_dir = str(work_dir)
    train = cfg.train_dataloader
    train.update(num_workers=0, persistent_workers=False, batch_size=6)
    parts = [train.dataset]
    if train.dataset.type == 'SemiSupervisedDataset':
        train.sampler.epoch_over = 2
        parts = [train.dataset.labeled, train.dataset.unlabeled]
    else:
        train.sampler.epoch_size = 12
    for name in ('val_dataloader', 'test_dataloader'):
        cfg[name].update(num_workers=0, batch_size=4)
        parts.append(cfg[name].dataset)
    for part in parts:
        part.data_root = str(data_root)
    cfg.train_cfg.max_epochs = epochs
    if 'warmup_epochs' in cfg.model:
        cfg.model.warmup_epochs = 0
    masker = (cfg.model.get('mixer') or {}).get('masker', {})
    if 'localizer' in masker:
        masker.localizer.init_cfg = None
    cfg.default_hooks.logger.interval = 1
    return cfg


def run(cfg: Config, test: bool = False, hooks: Sequence[Hook] = ()) -> Runner:
    cfg.experiment_name = f'{Path(cfg.work_dir).name}_{os.urandom(4).hex()}'
    runner = Runner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook)
    runner.train()
    if test:
        runner.metrics = runner.test()
    return runner


class FirstWeights(Hook):
    """Keep the networks as they are before training."""

    def before_train(self, runner: Runner) -> None:
        self.weights = copy.deepcopy(runner.model.state_dict())


def slow_top1(runner: Runner, role: str) -> float:
    """Return the accuracy of one network: a clip, a view, at a time."""
    network, right = getattr(runner.model, role).eval(), []
    for batch in runner.test_dataloader:
        data = runner.model.data_preprocessor(batch)
        video, audio = data['inputs']['video'], data['inputs'].get('audio')
        for i, sample in enumerate(data['data_samples']):
            total = 0
            for v in range(video.shape[1]):
                sound = None if audio is None else audio[i, v][None]
                with torch.no_grad():
                    total = total + network(video[i, v][None], sound).logits[0].softmax(-1)
            right.append(int(total.argmax()) == int(sample.gt_label))
    return 100 * sum(right) / len(right)


@pytest.mark.parametrize('method', [*SLOW, 'asl_mix'])
def test_methods_train_and_test(method: str, avsprites_root: Path, tmp_path: Path) -> None:
    cfg = small_config(f'{method}/avsprites_1shot.py', avsprites_root, tmp_path / method)
    first = FirstWeights()
    runner = run(cfg, test=True, hooks=[first])
    assert runner.iter == 2
    assert (tmp_path / method / 'epoch_1.pth').is_file()
    roles = ['student'] if method == 'supervised' else ['student', 'teacher']
    assert [name for name in runner.metrics if name.endswith('/top1')] == [
        f'{role}/top1' for role in roles
    ]
    for role in roles:
        assert runner.metrics[f'{role}/top1'] == pytest.approx(slow_top1(runner, role))
    for name, value in runner.model.state_dict().items():
        if name.startswith(('student.', 'teacher.')):
            assert not torch.equal(value, first.weights[name]), name


@pytest.mark.parametrize('accumulate', [pytest.param(1, marks=pytest.mark.slow), 3])
def test_resume_equals_an_uninterrupted_run(
    accumulate: int, avsprites_root: Path, tmp_path: Path
) -> None:
    def config(name: str) -> Config:
        cfg = small_config('asl_mix/avsprites_1shot.py', avsprites_root, tmp_path / name, 3)
        cfg.train_dataloader.update(num_workers=accumulate - 1)
        cfg.optim_wrapper.accumulative_counts = accumulate
        cfg.default_hooks.checkpoint.max_keep_ckpts = 3
        cfg.model.warmup_epochs = 1
        cfg.val_dataloader.dataset.indices = 2
        return cfg

    expected = run(config('whole')).model.state_dict()
    # The first epoch of the same run, as if it had been stopped there.
    resumed = config('resumed')
    resumed.resume, resumed.load_from = True, str(tmp_path / 'whole' / 'epoch_1.pth')
    runner = run(resumed)
    assert runner.epoch == 3
    assert expected['teacher_steps'] == (6 if accumulate == 1 else 3)
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, expected[name]), name
    content = torch.load(tmp_path / 'resumed' / 'epoch_3.pth', weights_only=True)
    assert content['meta']['epoch'] == 3


@pytest.mark.usefixtures('own_components')
def test_plugin_package_is_used_through_custom_imports_alone(
    avsprites_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / 'my_plugin'
    package.mkdir()
    (package / '__init__.py').write_text('from my_plugin import components\n')
    (package / 'components.py').write_text(
        """
import torch
from mmavssl.models.maskers.asl_guided import ASLGuided
from mmavssl.registry import LOCALIZERS, MASKERS

CALLS = []


@LOCALIZERS.register_module()
class BrightnessLocalizer(torch.nn.Module):
    def forward(self, frames, audio):
        CALLS.append('localizer')
        return frames.mean(dim=2)


@MASKERS.register_module()
class LoudMasker(ASLGuided):
    def forward(self, *args, **kwargs):
        CALLS.append('masker')
        return super().forward(*args, **kwargs)
"""
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    cfg = small_config('asl_mix/avsprites_1shot.py', avsprites_root, tmp_path / 'work')
    cfg.custom_imports = {'imports': ['my_plugin'], 'allow_failed_imports': False}
    cfg.model.mixer.masker = {'type': 'LoudMasker', 'localizer': {'type': 'BrightnessLocalizer'}}
    config = tmp_path / 'config.py'
    cfg.dump(str(config))
    run(Config.fromfile(config))
    from my_plugin.components import CALLS

    assert CALLS == ['masker', 'localizer'] * 2


@pytest.mark.slow
def test_dist_train_runs_two_processes_on_cpu(avsprites_root: Path, tmp_path: Path) -> None:
    cfg = small_config('asl_mix/avsprites_1shot.py', avsprites_root, tmp_path / 'work')
    cfg.model.threshold.threshold = 0.0
    config = tmp_path / 'config.py'
    cfg.dump(str(config))
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    result = subprocess.run(
        ['bash', str(ROOT / 'tools/dist_train.sh'), str(config), '2', '--work-dir',
         str(tmp_path / 'work')],
        env={**os.environ, 'PYTHON': sys.executable, 'PORT': str(port), 'OMP_NUM_THREADS': '1'},
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    assert (tmp_path / 'work/epoch_1.pth').is_file()
    [log] = (tmp_path / 'work').glob('*/*.log')
    assert 'Distributed launcher: pytorch' in log.read_text()
    content = torch.load(tmp_path / 'work/epoch_1.pth', weights_only=True)
    assert content['state_dict']['teacher_steps'] == 2
    # All pass a threshold of zero, so the memory has the clips of both ranks: 2 iterations of 4.
    memory = content['state_dict']['threshold.memory']
    assert (memory >= 0).sum() == 2 * 2 * 4
