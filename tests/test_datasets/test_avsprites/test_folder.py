import json

import pytest

from mmavssl.datasets.avsprites.folder import INFO_FILE, building_folder, reusable
from mmavssl.utils.errors import ConfigError


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / 'data'
    folder.mkdir()
    (folder / INFO_FILE).write_text(json.dumps({'digest': 'abc'}))
    (folder / 'a.mp4').touch()
    return folder


def test_reusable(data, tmp_path):
    assert reusable(data, 'abc', ['a.mp4'], overwrite=False)
    assert reusable(data, 'abc', ['a.mp4'], overwrite=True)
    assert not reusable(tmp_path / 'new', 'abc', [], overwrite=False)
    (tmp_path / 'empty').mkdir()
    assert not reusable(tmp_path / 'empty', 'abc', [], overwrite=False)


def test_another_or_an_incomplete_set_needs_overwrite(data):
    with pytest.raises(ConfigError, match=r'another configuration.*--overwrite'):
        reusable(data, 'other', ['a.mp4'], overwrite=False)
    with pytest.raises(ConfigError, match=r'lacks b\.mp4'):
        reusable(data, 'abc', ['a.mp4', 'b.mp4'], overwrite=False)
    assert not reusable(data, 'other', ['a.mp4'], overwrite=True)


def test_foreign_content_is_never_overwritten(tmp_path):
    (tmp_path / 'thesis.tex').touch()
    with pytest.raises(ConfigError, match='left alone'):
        reusable(tmp_path, 'abc', [], overwrite=True)
    file = tmp_path / 'thesis.tex'
    with pytest.raises(ConfigError, match='left alone'):
        reusable(file, 'abc', [], overwrite=True)


def test_broken_info_file(data):
    (data / INFO_FILE).write_text('{')
    with pytest.raises(ConfigError, match='not valid JSON'):
        reusable(data, 'abc', [], overwrite=True)


def test_building_replaces_the_folder_in_one_stroke(data):
    with building_folder(data) as building:
        (building / 'b.mp4').touch()
        assert (data / 'a.mp4').exists()
    assert [path.name for path in data.iterdir()] == ['b.mp4']
    assert [path.name for path in data.parent.iterdir()] == ['data']


def fail_while_building(folder):
    with building_folder(folder) as building:
        (building / 'b.mp4').touch()
        raise KeyboardInterrupt


def test_failure_leaves_everything_as_it_was(data):
    with pytest.raises(KeyboardInterrupt):
        fail_while_building(data)
    assert sorted(path.name for path in data.iterdir()) == ['a.mp4', INFO_FILE]
    assert [path.name for path in data.parent.iterdir()] == ['data']
