"""tools/analysis/replay_batch.py: a bad batch of a run, made once more."""

import importlib.util
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmavssl.apis.replay import Replay
from mmavssl.datasets.batch_draws import draws_of_batch
from mmavssl.structures.batch_record import BatchRecord
from mmavssl.utils.configs import load_config
from mmavssl.utils.random import stable_seed
from tests.test_training import small_config


class Poison(Hook):
    """Make the weights of a layer so large in an iteration that its output overflows."""

    priority = 'LOWEST'

    def __init__(self, iteration):
        self.iteration = iteration

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        layer = runner.model.student.fusion.layers[0].linear1
        if runner.iter == self.iteration:
            self.kept = layer.weight.detach().clone()
            layer.weight.data[:] = 3e38

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter == self.iteration:
            runner.model.student.fusion.layers[0].linear1.weight.data.copy_(self.kept)


@pytest.fixture(scope='module')
def run(avsprites_root, tmp_path_factory):
    """The folder of a run whose third iteration went wrong."""
    folder = tmp_path_factory.mktemp('replay')
    cfg = small_config('asl_mix/avsprites_1shot.py', avsprites_root, folder, epochs=2)
    cfg.experiment_name = 'replay'
    cfg.model.warmup_epochs = 1
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Poison(3))
    runner.train()
    cfg.dump(folder / 'config.py')
    return folder


def test_clips_losses_and_places(run, tools, capsys):
    record = BatchRecord.read(run / 'non_finite/iter_3_rank0.json')
    assert len(record.paths) == 6
    assert all(Path(path).is_file() for path in record.paths)
    bad = torch.load(run / 'epoch_2.pth', weights_only=True)
    bad['state_dict']['student.fusion.layers.0.linear1.weight'][:] = 3e38
    torch.save(bad, run / 'bad.pth')
    path = run / 'non_finite/iter_3_rank0.json'
    args = (run / 'config.py', path, '--checkpoint', run / 'bad.pth')
    assert tools('analysis/replay_batch', *args) == 0
    text = capsys.readouterr().out
    assert '\niteration 4 (epoch 2), rank 0\n' in f'\n{text}'
    assert all(f'  clip   {path}\n' in text for path in record.paths)
    assert '  modules not finite: student.fusion.layers.0.linear1' in text
    assert '  gradients not finite: student.' in text


def test_same_iteration_gives_the_same_losses(run, tools, capsys):
    """With the weights of the epoch before, of an iteration that was not poisoned."""
    log = torch.load(run / 'epoch_2.pth', weights_only=True)['message_hub']['log_scalars']
    record = BatchRecord.read(run / 'non_finite/iter_3_rank0.json')
    cfg = load_config(str(run / 'config.py'))
    init_default_scope(cfg.default_scope)
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=record.seed)
    loader.batch_sampler.sampler.set_epoch(1)
    draws = draws_of_batch(loader, 0)  # the batch before it, which began the epoch
    moment = dict(iter=2, step_seed=stable_seed(record.seed, 2, 0))
    path = record._replace(**moment, losses={}, draws=draws).write(run / 'good')
    args = (run / 'config.py', path, '--checkpoint', run / 'epoch_1.pth')
    assert tools('analysis/replay_batch', *args) == 0
    text = capsys.readouterr().out
    for name in ('loss', 'loss_sup', 'loss_unsup', 'loss_mix', 'loss_contrast'):
        [line] = [line for line in text.splitlines() if line.split()[:1] == [name]]
        then = log[f'train/{name}']['values'][-2]  # of four iterations, two of them warm-up
        assert float(line.split()[1]) == pytest.approx(then, rel=1e-4)
    assert '  modules not finite: none' in text
    assert '  gradients not finite: none' in text


def load_tool():
    path = Path(__file__).parents[2] / 'tools/analysis/replay_batch.py'
    spec = importlib.util.spec_from_file_location('replay_batch', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_loss_of_zero_and_remarks_are_shown():
    losses = {'loss_unsup': 0.0, 'loss': 2.0}
    record = BatchRecord(0, 0, 0, 0, losses, [], [])
    found = Replay([], {'loss_unsup': 5.0, 'loss': 3.0, 'loss_new': 1.0}, [], [], ['Not so.'])
    lines = [' '.join(line.split()) for line in load_tool().report(record, found).splitlines()]
    assert lines[1:5] == [
        'note Not so.', 'loss_unsup 5 (then 0)', 'loss 3 (then 2)', 'loss_new 1',
    ]  # fmt: skip


def test_no_record(run, tools, capsys):
    path = run / 'config.py'
    assert tools('analysis/replay_batch', path, path) == 2
    assert capsys.readouterr().err.startswith(f'replay_batch: {path} is no record of a batch')
