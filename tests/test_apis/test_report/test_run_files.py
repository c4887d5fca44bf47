import json

import pytest

from mmavssl.apis.report.run_files import find_run, last_pictures
from mmavssl.utils.errors import DataError


def make_run(folder, session='20260101_000000', step=1):
    data = folder / session / 'vis_data'
    data.mkdir(parents=True)
    line = {'loss': 1.0, 'iter': step, 'step': step}
    (data / 'scalars.json').write_text(json.dumps(line) + '\n')
    return data


def test_what_a_run_has_left(tmp_path):
    data = make_run(tmp_path)
    (tmp_path / 'a.py').write_text('')
    run = find_run(tmp_path, pytest.fail)
    assert (run.config.name, run.checkpoint, run.pictures) == ('a.py', None, {})
    assert run.scalars == [data / 'scalars.json']


def test_sessions_of_a_run_that_was_resumed(tmp_path):
    """Pictures are the last of each name, also where the last session has drawn none."""
    (tmp_path / 'a.py').write_text('')
    first, last = (make_run(tmp_path, f'2026010{n}_000000', step=n) for n in (1, 2))
    for data, name in ((first, 'a_9.png'), (first, 'b_9.png'), (last, 'a_5.png')):
        (data / 'vis_image').mkdir(exist_ok=True)
        (data / 'vis_image' / name).touch()
    run = find_run(tmp_path, pytest.fail)
    assert run.scalars == [first / 'scalars.json', last / 'scalars.json']
    assert run.pictures == {
        'a': last / 'vis_image/a_5.png', 'b': first / 'vis_image/b_9.png',
    }  # fmt: skip


def test_config_is_that_of_the_training_and_not_of_a_test_since(tmp_path):
    (make_run(tmp_path) / 'config.py').write_text('')
    tested = tmp_path / '20260102_000000' / 'vis_data'
    tested.mkdir(parents=True)
    for path in (tested / 'config.py', tmp_path / 'a.py'):
        path.write_text('')
    config = find_run(tmp_path, pytest.fail).config
    assert config == tmp_path / '20260101_000000' / 'vis_data' / 'config.py'


def test_last_picture_of_each_name(tmp_path):
    for name in ('mixed_90.png', 'mixed_100.png', 'confusion_student_5.png', 'x.png', 'a_1.txt'):
        (tmp_path / name).touch()
    found = {name: path.name for name, path in last_pictures(tmp_path).items()}
    assert found == {'confusion_student': 'confusion_student_5.png', 'mixed': 'mixed_100.png'}


def test_errors(tmp_path):
    with pytest.raises(DataError, match='holds no scalars of a training run'):
        find_run(tmp_path, pytest.fail)
    make_run(tmp_path)
    with pytest.raises(DataError, match='holds no config file'):
        find_run(tmp_path, pytest.fail)
