"""The AVSprites configs of the other methods through MMEngine's Runner, on real files."""

import copy
import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from tests.test_training import run, small_config

ITERATIONS = 2
FIXMATCH_FAMILY = (
    'fixmatch', 'flexmatch', 'softmatch', 'uda', 'pseudo_label', 'mean_teacher',
)  # fmt: skip
LOSSES = {
    **{method: {'loss_sup', 'loss_unsup'} for method in FIXMATCH_FAMILY},
    'freematch': {'loss_sup', 'loss_unsup', 'loss_threshold'},
    'cross_modal': {'loss_sup_video', 'loss_sup_audio', 'loss_unsup_video', 'loss_unsup_audio'},
    'tcl': {'loss_sup', 'loss_instance', 'loss_group'},
    'ltg': {'loss_sup', 'loss_unsup', 'loss_align', 'loss_contrast'},
    'avclr': {'loss_sup', 'loss_unsup', 'loss_intra', 'loss_cross', 'loss_cluster'},
}
#: Differ from others in parts of the model alone, which tests/test_steps.py trains for a step.
ALIKE = ('flexmatch', 'freematch', 'softmatch', 'uda', 'pseudo_label')


class Watch(Hook):
    """Keep the first weights, and what each iteration logs."""

    def __init__(self) -> None:
        self.logs: list[dict] = []

    def before_train(self, runner: Runner) -> None:
        self.weights = copy.deepcopy(runner.model.student.state_dict())

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.logs.append({name: float(value) for name, value in outputs.items()})


def config(method: str, data: Path, work_dir: Path, epochs: int = 1) -> Config:
    """Return the shipped config on the test's data, which have one label per class."""
    cfg = small_config(f'{method}/avsprites_2shot.py', data, work_dir, epochs)
    train = cfg.train_dataloader
    train.sampler.epoch_over = ITERATIONS
    cfg.train_cfg.val_begin = 1000  # test_training.py validates
    for part in (train.dataset.labeled, train.dataset.unlabeled):
        part.ann_file = part.ann_file.replace('2shot', '1shot')
    return cfg


@pytest.mark.parametrize(
    'method',
    [pytest.param(name, marks=[pytest.mark.slow] * (name in ALIKE)) for name in LOSSES],
)
def test_shipped_configs_train(method: str, avsprites_root: Path, tmp_path: Path) -> None:
    watch = Watch()
    runner = run(config(method, avsprites_root, tmp_path / method), hooks=[watch])
    assert runner.iter == len(watch.logs) == ITERATIONS
    for log in watch.logs:
        assert {name for name in log if name.startswith('loss_')} == LOSSES[method]
        assert all(math.isfinite(value) for value in log.values()), log
    for name, value in runner.model.student.state_dict().items():
        assert torch.isfinite(value).all(), name
        assert not torch.equal(value, watch.weights[name]), name


def test_tcl_ends_with_pseudo_labels_by_the_released_schedule(avsprites_root, tmp_path):
    """Restarts, weights of biases, limits of gradients; from the second epoch, the last part."""
    cfg = config('tcl', avsprites_root, tmp_path / 'tcl', epochs=2)
    cfg.model.finetune_epoch = 1
    schedule = Config.fromfile('configs/_base_/schedules/sgd_400e_tcl.py')
    cfg.optim_wrapper, cfg.param_scheduler = schedule.optim_wrapper, schedule.param_scheduler
    cfg.param_scheduler[0].periods = [1, 1]
    watch = Watch()
    run(cfg, hooks=[watch])
    assert all(math.isfinite(value) for log in watch.logs for value in log.values())
    parts = [{name for name in log if name.startswith('loss_')} for log in watch.logs]
    assert parts == [LOSSES['tcl']] * ITERATIONS + [{'loss_sup', 'loss_pseudo'}] * ITERATIONS


@pytest.mark.slow
@pytest.mark.parametrize('method', ['ltg', 'avclr', 'tcl', 'cross_modal', 'mean_teacher'])
def test_resume_equals_an_uninterrupted_run(
    method: str, avsprites_root: Path, tmp_path: Path
) -> None:
    """Also of the centroids of AvCLR, and from the warm-up on."""

    def two_epochs(name: str) -> Config:
        cfg = config(method, avsprites_root, tmp_path / name, epochs=2)
        cfg.model.warmup_epochs = 1
        return cfg

    expected = run(two_epochs('whole')).model.state_dict()
    resumed = two_epochs('resumed')
    resumed.resume, resumed.load_from = True, str(tmp_path / 'whole' / 'epoch_1.pth')
    state = run(resumed).model.state_dict()
    assert state.keys() == expected.keys()
    assert ('centroids.means' in state) == (method == 'avclr')
    for name, value in state.items():
        assert torch.equal(value, expected[name]), name
