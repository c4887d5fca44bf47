import importlib
import json
from pathlib import Path

import pytest

from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config

ROOT = Path(__file__).parents[2]


@pytest.fixture
def readings(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
    return importlib.import_module('readings')


def test_documentation_has_the_committed_figures(readings):
    result = json.loads((ROOT / 'benchmarks/results/readings.json').read_text())
    text = (ROOT / 'docs/fidelity.md').read_text()
    assert f'{readings.table(result)}\n\n<!-- end of readings -->' in text
    assert list(result['readings']) == list(readings.READINGS)
    for figures in result['readings'].values():
        assert set(figures['seeds']) == {'0', '1', '2'}
        for name in readings.FIGURES:
            values = [run[name] for run in figures['seeds'].values()]
            assert figures[name] == pytest.approx(sum(values) / 3, abs=0.01)


def test_summary_of_seeds(readings):
    runs = {'0': {'student': 80.0, 'teacher': 70.0}, '1': {'student': 84.0, 'teacher': 70.0}}
    summary = readings.summarize(runs)
    assert (summary['student'], summary['teacher']) == (82.0, 70.0)
    assert summary['std'] == {'student': 2.83, 'teacher': 0.0}
    assert readings.summarize({'0': runs['0']})['std'] == {'student': None, 'teacher': None}


def test_options_that_the_benchmark_sets_are_those_of_the_configs(readings):
    for config in readings.READINGS.values():
        options = [
            'randomness.seed=3',
            'train_cfg.val_begin=1000',
            'train_dataloader.dataset.labeled.ann_file=splits/2shot_seed3/labeled.csv',
            'train_dataloader.dataset.unlabeled.ann_file=splits/2shot_seed3/unlabeled.csv',
        ]
        cfg = load_config(str(ROOT / config), options)
        check_config(cfg)
        assert cfg.train_dataloader.dataset.labeled.data_root == readings.DATA
