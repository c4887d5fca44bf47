"""The shipped configs through MMEngine's Runner, on real files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'


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
    masker = cfg.model.get('mixer', {}).get('masker', {})
    if 'localizer' in masker:
        masker.localizer.init_cfg = None
    cfg.default_hooks.logger.interval = 1
    return cfg


def run(cfg: Config, test: bool = False) -> Runner:
    cfg.experiment_name = f'{Path(cfg.work_dir).name}_{os.urandom(4).hex()}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    if test:
        runner.metrics = runner.test()
    return runner


@pytest.mark.parametrize('method', ['supervised', 'svformer', 'svformer_flex', 'asl_mix'])
def test_methods_train_and_test(method: str, avsprites_root: Path, tmp_path: Path) -> None:
    cfg = small_config(f'{method}/avsprites_1shot.py', avsprites_root, tmp_path / method)
    runner = run(cfg, test=True)
    assert runner.iter == 2
    assert 0 <= runner.metrics['student/top1'] <= 100
    assert ('teacher/top1' in runner.metrics) == (method != 'supervised')
    assert (tmp_path / method / 'epoch_1.pth').is_file()


def test_resume_equals_an_uninterrupted_run(avsprites_root: Path, tmp_path: Path) -> None:
    whole = small_config('asl_mix/avsprites_1shot.py', avsprites_root, tmp_path / 'whole', 2)
    expected = run(whole).model.state_dict()
    # The first epoch of the same run, as if it had been stopped there.
    resumed = small_config('asl_mix/avsprites_1shot.py', avsprites_root, tmp_path / 'resumed', 2)
    resumed.resume, resumed.load_from = True, str(tmp_path / 'whole' / 'epoch_1.pth')
    runner = run(resumed)
    assert runner.epoch == 2
    assert expected['teacher_steps'] == 4
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, expected[name]), name
    content = torch.load(tmp_path / 'resumed' / 'epoch_2.pth', weights_only=True)
    assert content['meta']['epoch'] == 2


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


def tool(name: str, *args: str | Path) -> subprocess.CompletedProcess:
    """Run a tool in a process of its own."""
    return subprocess.run(
        [sys.executable, str(ROOT / 'tools' / name), *map(str, args)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip


def test_missing_data_names_path_key_and_command(tmp_path: Path) -> None:
    result = tool(
        'train.py', CONFIGS / 'asl_mix/ucf51_1shot.py', '--work-dir', tmp_path,
        '--cfg-options', f'train_dataloader.dataset.labeled.data_root={tmp_path}/nothing',
    )  # fmt: skip
    assert result.returncode == 2
    message = result.stderr.strip().splitlines()[-1]
    assert message.startswith('train: ')
    assert str(tmp_path / 'nothing') in message
    assert 'train_dataloader.dataset.labeled.data_root' in message
    assert 'README.md' in message
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_dist_train_runs_two_processes_on_cpu(avsprites_root: Path, tmp_path: Path) -> None:
    cfg = small_config('asl_mix/avsprites_1shot.py', avsprites_root, tmp_path / 'work')
    config = tmp_path / 'config.py'
    cfg.dump(str(config))
    port = 20000 + os.getpid() % 20000
    result = subprocess.run(
        ['bash', str(ROOT / 'tools/dist_train.sh'), str(config), '2', '--work-dir',
         str(tmp_path / 'work')],
        env={**os.environ, 'PYTHON': sys.executable, 'PORT': str(port), 'OMP_NUM_THREADS': '1'},
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    assert (tmp_path / 'work/epoch_1.pth').is_file()
    assert 'Distributed launcher: pytorch' in result.stdout + result.stderr
    content = torch.load(tmp_path / 'work/epoch_1.pth', weights_only=True)
    # Both ranks' clips are in the threshold's memory or tried: 2 iterations x 2 ranks x 5 clips.
    assert content['state_dict']['teacher_steps'] == 2
