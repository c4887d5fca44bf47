import pytest
from mmengine.config import Config
from mmengine.hooks import Hook

from mmavssl.engine.batch_records import data_seeds_of, record_of
from mmavssl.utils.random import stable_seed


class Records(Hook):
    """Note each batch, and change the weights of losses after it."""

    priority = 'VERY_LOW'

    def __init__(self):
        self.makers = []

    def before_train(self, runner):
        runner.model.loss_weights = {'unsup': 0.0, 'mix': 2, 'terms': [1.0]}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if isinstance(runner.model.loss_weights, dict):
            runner.model.loss_weights['unsup'] = runner.iter / 2

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.makers.append(record_of(runner, batch_idx, outputs))


@pytest.mark.parametrize('hooks', [[], [dict(type='StepSeedHook')]])
def test_what_the_iteration_has_had(build_runner, hooks):
    records = Records()
    build_runner([*hooks, records]).train()
    made = [make() for make in records.makers]
    assert [record.loss_weights for record in made[:3]] == [
        {'unsup': 0.0, 'mix': 2}, {'unsup': 0.5, 'mix': 2}, {'unsup': 1.0, 'mix': 2},
    ]  # fmt: skip
    seeds = [stable_seed(3, number, 0) if hooks else None for number in range(len(made))]
    assert [record.step_seed for record in made] == seeds
    assert {record.optim_wrapper for record in made} == {'OptimWrapper'}
    assert made[0].data_seeds == {}


def test_loss_weights_of_a_plugin(build_runner):
    class Other(Records):
        def before_train(self, runner):
            runner.model.loss_weights = [1.0, 2.0]

    records = Other()
    build_runner([records]).train()
    assert records.makers[0]().loss_weights == {}


def test_seeds_of_data_sets():
    dataset = dict(type='Pair', labeled=dict(type='A', seed=5), unlabeled=dict(type='A'))
    cfg = Config(dict(train_dataloader=dict(dataset=dataset)))
    assert data_seeds_of(cfg) == {'train_dataloader.dataset.labeled': 5}
    assert data_seeds_of(Config({})) == {}
