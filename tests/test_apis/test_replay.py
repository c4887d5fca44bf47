"""A batch of a run, made once more from its record: it must be the same iteration."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import Dataset

from mmavssl.apis import replay
from mmavssl.apis.replay import load_batch, replay_batch
from mmavssl.engine import batch_records
from mmavssl.engine.batch_records import record_of
from mmavssl.engine.hooks import step_seed
from mmavssl.registry import DATASETS, FUNCTIONS
from mmavssl.structures import DrawIndex
from mmavssl.structures.batch_record import BatchRecord
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError
from tests.test_training import small_config

RAMP = dict(type='LossWeightRampHook', name='unsup', share=0.9)
NEW_FIELDS = ('step_seed', 'data_seeds', 'loss_weights', 'optim_wrapper', 'device')
RECORD = BatchRecord(0, 0, 0, 0, {}, [], [])


class Kept(Hook):
    """Keep the weights before the second iteration, its inputs and its record."""

    priority = 'VERY_LOW'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 1:
            self.weights = {k: v.clone() for k, v in runner.model.state_dict().items()}
            self.video = data_batch['inputs']['unlabeled']['strong']['video']

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter == 1:
            self.record = record_of(runner, batch_idx, outputs)()


@pytest.fixture
def train(avsprites_root, tmp_path):
    """Return a function that trains for two iterations and returns what is kept of them."""

    def run(changed=None, command=None):
        cfg = small_config('svformer/avsprites_1shot.py', avsprites_root, tmp_path)
        cfg.model.threshold.threshold = 0.0  # so that pseudo labels count
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
        cfg.experiment_name = tmp_path.name
        if changed:
            changed(cfg)
        cfg.dump(tmp_path / 'config.py')
        cfg = load_config(str(tmp_path / 'config.py'), work_dir=str(tmp_path))
        if command:
            command(cfg)
        runner, kept = Runner.from_cfg(cfg), Kept()
        runner.register_hook(kept)
        runner.train()
        torch.save({'state_dict': kept.weights, 'meta': {}}, tmp_path / 'before.pth')
        return kept

    return run


def replayed(folder: Path, record: BatchRecord) -> replay.Replay:
    """Return what tools/analysis/replay_batch.py reports, of a record that was on the disk."""
    record = BatchRecord.read(record.write(folder / 'non_finite'))
    cfg = load_config(str(folder / 'config.py'), [f'randomness.seed={record.seed}'])
    return replay_batch(cfg, record, str(folder / 'before.pth'))


def check_same(found: replay.Replay, record: BatchRecord) -> None:
    assert min(record.losses[name] for name in ('loss_unsup', 'loss_mix')) > 0.01
    assert found.losses == pytest.approx(record.losses, rel=1e-5, abs=1e-7)
    assert not found.remarks


def no_seed(cfg):
    cfg.randomness = dict(seed=None)


def ramp(cfg):
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), RAMP]


def same_on_all_ranks(cfg):
    cfg.default_hooks.step_seed.diff_rank = False


def two_seeds(cfg):
    cfg.train_dataloader.dataset.unlabeled.seed = 11


@pytest.mark.parametrize('changed', [None, no_seed, two_seeds, ramp])
def test_iteration_is_the_same(train, tmp_path, changed):
    kept = train(changed)
    check_same(replayed(tmp_path, kept.record), kept.record)
    batch, _ = load_batch(load_config(str(tmp_path / 'config.py')), kept.record)
    assert torch.equal(batch['inputs']['unlabeled']['strong']['video'], kept.video)


@pytest.mark.parametrize('in_file', [True, False])
def test_precision_is_that_of_the_run(train, tmp_path, in_file):
    """Be it of the config, or of ``tools/train.py --amp``, which the config does not say."""

    def autocast(cfg):
        cfg.optim_wrapper.type = 'AutocastOptimWrapper'

    kept = train(autocast) if in_file else train(command=autocast)
    check_same(replayed(tmp_path, kept.record), kept.record)
    exact = replayed(tmp_path, kept.record._replace(optim_wrapper='OptimWrapper'))
    assert exact.losses['loss'] != pytest.approx(kept.record.losses['loss'], rel=1e-5)


@pytest.mark.parametrize('changed', [None, same_on_all_ranks])
def test_random_numbers_of_another_rank(train, tmp_path, monkeypatch, changed):
    for module in (step_seed, batch_records):
        monkeypatch.setattr(module, 'get_rank', lambda: 1)
    kept = train(changed)
    monkeypatch.undo()
    assert kept.record.rank == 1
    check_same(replayed(tmp_path, kept.record), kept.record)


def test_old_records_are_read_and_say_what_they_lack(train, tmp_path):
    kept = train()
    path = kept.record.write(tmp_path)
    fields = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in fields.items() if k not in NEW_FIELDS}))
    found = replayed(tmp_path, BatchRecord.read(path))
    assert found.losses == pytest.approx(kept.record.losses, rel=1e-5, abs=1e-7)
    [remark] = found.remarks
    assert remark.startswith(
        'The record does not tell: seed of the iteration, seeds of the data sets, weights of the '
    )


def test_another_device_is_told():
    record = RECORD._replace(step_seed=1, data_seeds={}, loss_weights={}, device='cuda')
    [remark] = replay.remarks(record, 'cpu')
    assert remark.startswith('The run was on cuda, this is cpu: what the model draws')
    assert replay.remarks(record, 'cuda') == []


def test_precision_that_this_machine_has_not(monkeypatch):
    for kind in ('cuda', 'npu', 'mlu', 'musa'):
        name = f'mmengine.optim.optimizer.amp_optimizer_wrapper.is_{kind}_available'
        monkeypatch.setattr(name, lambda: False)
    wrapper = dict(type='AmpOptimWrapper', optimizer=dict(type='SGD', lr=0.1))
    with pytest.raises(ConfigError, match=r'^optim_wrapper: .*gpu.* on a machine like that of'):
        replay.forward_context(Config(dict(optim_wrapper=wrapper)), RECORD, torch.nn.Linear(1, 1))


@DATASETS.register_module()
class NumbersOfReplay(Dataset):
    def __getitem__(self, draw):
        return draw.index


@FUNCTIONS.register_module()
def scaled_collate(samples, scale):
    return [scale * sample for sample in samples]


def test_arguments_of_the_collate_function():
    init_default_scope('mmavssl')
    loader = dict(
        dataset=dict(type='NumbersOfReplay'), collate_fn=dict(type='scaled_collate', scale=3)
    )
    record = RECORD._replace(draws=[DrawIndex(1), DrawIndex(2)])
    batch, _ = load_batch(Config(dict(train_dataloader=loader)), record)
    assert batch == [3, 6]
