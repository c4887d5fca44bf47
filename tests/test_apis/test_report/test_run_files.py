import json

import pytest

from mmavssl.apis.report.run_files import find_run, last_pictures
from mmavssl.utils.errors import DataError


def make_run(folder, loss=1.0):
    data = folder / '20260101_000000' / 'vis_data'
    data.mkdir(parents=True)
    (data / 'scalars.json').write_text(json.dumps({'loss': loss, 'step': 1}) + '\n')
    return data


def test_what_a_run_has_left(tmp_path):
    data = make_run(tmp_path)
    (tmp_path / 'a.py').write_text('')
    run = find_run(tmp_path, pytest.fail)
    assert (run.config.name, run.checkpoint, run.pictures) == ('a.py', None, {})
    assert run.scalars == data / 'scalars.json'


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
