import numpy as np
import pytest

from mmavssl.structures.map_cache import MapCache
from mmavssl.structures.map_cache_writer import MapCacheWriter
from mmavssl.utils.errors import DataError

KEYS = [3, 1 << 63, 7, 12]
MAPS = np.random.default_rng(0).normal(size=(4, 2, 3, 3))
# Pipelines have tuples, which JSON makes lists.
INFO = {'localizer': {'type': 'X'}, 'weights': 'ab', 'pipeline': [{'scale': (1, 2)}]}


def begin(folder, keys=KEYS, shape=(2, 3, 3), **changes):
    return MapCacheWriter(folder, keys, shape, {**INFO, **changes})


def write(writer, rows):
    for row in rows:
        writer.write(row, MAPS[row], [0.5 + row, 1.5 + row], (48, 64))


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_interrupted_goes_on_where_it_stopped(tmp_path):
    writer = begin(tmp_path / 'maps')
    write(writer, [2, 0])
    with pytest.raises(DataError, match='no finished localization maps'):
        MapCache(tmp_path / 'maps')
    del writer
    writer = begin(tmp_path / 'maps')
    assert writer.missing.tolist() == [1, 3]
    write(writer, writer.missing)
    writer.finish()
    write(whole := begin(tmp_path / 'whole'), range(4))
    whole.finish()
    assert content(tmp_path / 'maps') == content(tmp_path / 'whole')


def test_finished_folder_has_nothing_to_do(tmp_path):
    writer = begin(tmp_path / 'maps')
    write(writer, [0, 1, 3])  # 2 cannot be read
    writer.finish()
    before = content(tmp_path / 'maps')
    again = begin(tmp_path / 'maps')
    assert again.finished
    assert again.missing.tolist() == []
    assert again.counts == writer.counts == (4, 1, 6, 0)
    again.finish()
    del again
    assert content(tmp_path / 'maps') == before


@pytest.mark.parametrize('finished', [False, True])
@pytest.mark.parametrize(
    ('changes', 'differs'),
    [
        ({'localizer': {'type': 'Y'}}, 'localizer'),
        ({'weights': 'cd'}, 'weights'),
        ({'pipeline': [{'scale': (1, 3)}]}, 'pipeline'),
        ({'keys': [3, 1 << 63, 7, 13]}, 'clips'),
        ({'keys': KEYS[:3]}, 'clips, videos'),
        ({'shape': (2, 4, 4)}, 'shape'),
        ({'more': 1}, 'more'),
    ],
)
def test_other_maps_are_refused(tmp_path, finished, changes, differs):
    writer = begin(tmp_path / 'maps')
    write(writer, [0, 1])
    if finished:
        writer.finish()
    before = content(tmp_path / 'maps')
    with pytest.raises(
        DataError, match=rf'maps of another origin \(these differ: {differs}\)\. Delete it'
    ):
        begin(tmp_path / 'maps', **changes)
    assert content(tmp_path / 'maps') == before
