"""Which results are of the method that a config has."""

import pytest

from mmavssl.apis.grid.published import is_unchanged, measured

CONFIG = """
train_dataloader = dict(dataset=dict(
    labeled=dict(ann_file='splits/1shot_seed0/labeled.csv'),
    parts=[dict(ann_file='splits/1shot_seed0/unlabeled.csv')],
))
test_dataloader = dict(dataset=dict(ann_file='manifest_test.csv'))
"""
DATA = 'train_dataloader.dataset'


def record(*options, seed=0, **more):
    return {
        'config': 'a.py', 'seed': seed, 'options': [*options], 'test_options': [],
        'student': {'last': {'top1': 50.0 + seed}}, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ('option', 'expected'),
    [
        ('randomness.seed=3', True),
        ('train_cfg.val_begin=10', True),
        (f'{DATA}.labeled.ann_file=splits/1shot_seed13/labeled.csv', True),
        (f'{DATA}.parts.0.ann_file=splits/1shot_seed3/unlabeled.csv', True),
        (f'{DATA}.labeled.ann_file=splits/5shot_seed0/labeled.csv', False),
        (f'{DATA}.labeled.ann_file=splits/1shot_seed0/unlabeled.csv', False),
        (f'{DATA}.parts.1.ann_file=splits/1shot_seed0/unlabeled.csv', False),
        (f'{DATA}.unlabeled.ann_file=splits/1shot_seed0/unlabeled.csv', False),
        ('test_dataloader.dataset.ann_file=manifest_test.csv', True),
        ('test_dataloader.dataset.ann_file=manifest_train.csv', False),
        (f'{DATA}.labeled.data_root=elsewhere', False),
        ('model.threshold.threshold=0.5', False),
    ],
)
def test_options_of_the_method(tmp_path, option, expected):
    (tmp_path / 'a.py').write_text(CONFIG)
    found = measured([record(option), record('x.y=1', seed=1)], tmp_path)
    assert found == ('student 50.0' if expected else '')
    both = record(option, test_options=['randomness.seed=1', 'x.y=1'])
    assert not is_unchanged(both, {})


def test_nothing_was_measured(tmp_path):
    assert measured([], tmp_path) == ''
