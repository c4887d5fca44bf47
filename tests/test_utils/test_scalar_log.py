"""What a run has logged, from files as MMEngine writes them."""

import json

import pytest

from mmavssl.utils.errors import DataError
from mmavssl.utils.scalar_log import goes_on, read_lines, read_run, sessions_of


def training(*steps, **more):
    return [{'step': step, 'iter': step, 'loss': 1.0, **more} for step in steps]


def validation(epoch, top1):
    return {'step': epoch, 'student/top1': top1}


def write(work_dir, name, lines, config=None):
    folder = work_dir / name / 'vis_data'
    folder.mkdir(parents=True)
    (folder / 'scalars.json').write_text(''.join(json.dumps(line) + '\n' for line in lines))
    if config is not None:
        (folder / 'config.py').write_text(config)
    return folder / 'scalars.json'


def steps_of(work_dir):
    return [line['step'] for line in read_run(work_dir) if 'iter' in line]


def test_what_a_resumed_session_repeats_is_taken_from_there(tmp_path):
    first = [*training(10, 20), validation(1, 80.0), *training(30, 40), validation(2, 90.0)]
    write(tmp_path, '1', first)
    again = [*training(30, session=2), validation(2, 60.0)]
    write(tmp_path, '2', again)
    assert read_run(tmp_path) == [*training(10, 20), validation(1, 80.0), *again]


def test_validation_that_a_resumed_session_makes_good_first(tmp_path):
    write(tmp_path, '1', [*training(10, 20), validation(1, 80.0)])
    again = [validation(1, 70.0), *training(35)]
    write(tmp_path, '2', again)
    assert read_run(tmp_path) == [*training(10, 20), *again]


def test_validation_may_have_a_loss_too(tmp_path):
    write(tmp_path, '1', [*training(10, 20), {'step': 1, 'loss': 0.5}])
    again = [{'step': 1, 'loss': 0.4}, *training(35)]
    write(tmp_path, '2', again)
    assert read_run(tmp_path) == [*training(10, 20), *again]


def test_three_sessions(tmp_path):
    for name, steps in (('1', (1, 2, 3, 4)), ('2', (3, 4, 5, 6)), ('3', (4, 5))):
        write(tmp_path, name, training(*steps, session=name))
    found = [(line['step'], line['session']) for line in read_run(tmp_path)]
    assert found == [(1, '1'), (2, '1'), (3, '2'), (4, '3'), (5, '3')]


def test_a_run_that_begins_anew_is_not_the_one_before(tmp_path):
    write(tmp_path, '1', [*training(10, 20, 30), validation(1, 99.0)])
    write(tmp_path, '2', training(10, 20))
    assert read_run(tmp_path) == training(10, 20)
    write(tmp_path, '3', training(30))
    assert steps_of(tmp_path) == [10, 20, 30]
    write(tmp_path, '4', [validation(3, 50.0)])  # of something that has not trained
    assert [file.parts[-3] for file in sessions_of(tmp_path)] == ['2', '3']


@pytest.mark.parametrize(
    ('config', 'steps'),
    [
        ('resume = False\n', [50, 100]),  # anew, and logged less often
        ("resume=True\nload_from='runs/a/epoch_1.pth'\nwork_dir='./runs/a'\n", [10, 20, 50, 100]),
        ("resume=True\nload_from='/x/runs/a/e.pth'\nwork_dir='runs/a'\n", [10, 20, 50, 100]),
        ("resume=True\nload_from='runs/b/epoch_1.pth'\nwork_dir='runs/a'\n", [50, 100]),
        ('resume = True\nload_from = None\n', [10, 20, 50, 100]),
        ('resume = ', [50, 100]),
    ],
)
def test_config_of_a_session_says_what_it_went_on_from(tmp_path, config, steps):
    write(tmp_path, '1', training(10, 20))
    write(tmp_path, '2', training(50, 100), config)
    assert steps_of(tmp_path) == steps


def test_first_session_may_have_gone_on_as_well(tmp_path):
    file = write(tmp_path, '1', training(50), 'resume = True\n')
    assert steps_of(tmp_path) == [50]
    assert not goes_on(file, training(50), [])


def test_half_a_last_line_is_left_out(tmp_path):
    file = write(tmp_path, '1', training(1, 2))
    with file.open('a') as opened:
        opened.write('{"loss": 0.5, "st')
    write(tmp_path, '2', training(3))
    assert steps_of(tmp_path) == [1, 2, 3]
    assert read_run(file) == training(1, 2)


@pytest.mark.parametrize('line', ['{"loss":', '{"loss": 1.0}', '3', '{"step": "1"}', ''])
def test_another_bad_line_is_named(tmp_path, line):
    file = tmp_path / 'scalars.json'
    file.write_text(f'{{"step": 1}}\n{line}\n{{"step": 2}}\n')
    with pytest.raises(DataError, match=r'^Line 2 of .*scalars\.json is no JSON object with a'):
        read_lines(file)


def test_no_run(tmp_path):
    assert read_run(tmp_path) == []


def test_lines_of_somebody_else(tmp_path):
    write(tmp_path, '1', [{'step': 1, 'loss': 1.0}])
    assert read_run(tmp_path) == [{'step': 1, 'loss': 1.0}]
