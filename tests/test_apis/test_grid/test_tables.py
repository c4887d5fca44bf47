"""Numbers of tables against numpy."""

import numpy as np
import pytest

from mmavssl.apis.grid.grid_file import read_grid
from mmavssl.apis.grid.plots import draw_grid
from mmavssl.apis.grid.tables import accuracy_table, differences, mean_and_std, run_table, top1

STUDENT = {'one': {0: 50.0, 1: 55.0, 2: 54.0}, 'two': {0: 60.0, 1: 58.0, 3: 70.0}}


@pytest.fixture
def grid(place):
    return read_grid(place.grid_file)


@pytest.fixture
def records():
    return [
        {
            'row': row, 'seed': seed, 'config': f'configs/{row}.py', 'config_hash': 'h',
            'options': [f'randomness.seed={seed}'],
            'student': {'last': {'top1': value}, 'best': None},
            'teacher': None if row == 'one' else {'last': {'top1': value / 2}, 'best': None},
            'train_seconds': 100.0 + seed, 'test_seconds': 20.0, 'peak_mb': 900.0,
            'log': {'pass_rate': 0.25} if row == 'two' else {},
            'commit': 'abc', 'machine': {'processor': 'P', 'cores': 2},
        }
        for row, seeds in STUDENT.items()
        for seed, value in seeds.items()
    ]  # fmt: skip


def cells(table):
    """Return a table as dicts, by the first column."""
    header, _, *lines = (
        [cell.strip() for cell in line.strip('|').split('|')] for line in table.splitlines()
    )
    return {line[0]: dict(zip(header[1:], line[1:], strict=True)) for line in lines}


def test_accuracies_and_differences(grid, records):
    one, two = cells(accuracy_table(grid, records)).values()
    values = np.array([*STUDENT['two'].values()])
    pairs = np.array([60.0 - 50.0, 58.0 - 55.0])
    assert two == {
        'seeds': '3',
        'student': f'{values.mean():.1f} ± {values.std(ddof=1):.1f}',
        'teacher': f'{values.mean() / 2:.1f} ± {values.std(ddof=1) / 2:.1f}',
        'student, difference': f'{pairs.mean():+.1f} ± {pairs.std(ddof=1):.1f} (2 of 3)',
        'paper (UCF-51), not measured here': '66.72',
    }
    assert one['student, difference'] == one['teacher'] == ''
    assert one['paper (UCF-51), not measured here'] == ''


def test_titles_have_the_config(grid, records):
    assert list(cells(accuracy_table(grid, records))) == ['first (`one.py`)', 'two (`two.py`)']


def test_a_row_without_results_stays_empty(grid, records):
    one, two = cells(accuracy_table(grid, [r for r in records if r['row'] == 'one'])).values()
    assert (two['seeds'], two['student']) == ('0', '')
    assert one['seeds'] == '3'


def test_best_validations(grid, records):
    for record in records:
        record['student']['best'] = {'top1': 99.0, 'epoch': 5}
    one, _ = cells(accuracy_table(grid, records)).values()
    assert one['student, best'] == '99.0 ± 0.0'
    assert 'teacher, best' not in one


def test_what_runs_took(grid, records):
    one, two = cells(run_table(grid, records)).values()
    assert one == {
        'pass rate': '', 'training (s)': '101 ± 1', 'test (s)': '20 ± 0', 'memory (MB)': '900 ± 0',
    }  # fmt: skip
    assert two['pass rate'] == '0.25 ± 0.00'


def test_pairs_and_single_values(records):
    one, two = (top1(records, row, 'student') for row in ('one', 'two'))
    assert one == STUDENT['one']
    assert differences(two, one) == {0: 10.0, 1: 3.0}
    assert differences(two, {}) == {}
    assert mean_and_std([-1.25], '+.1f') == '-1.2'
    assert top1(records, 'one', 'teacher') == {}


def test_plot(grid, records, tmp_path):
    path = tmp_path / 'images/grid_small.png'
    draw_grid(grid, records, path)
    first = path.read_bytes()
    assert first.startswith(b'\x89PNG')
    draw_grid(grid, records[:1], path)
    assert path.read_bytes() != first
    draw_grid(grid, records, path)
    assert path.read_bytes() == first
