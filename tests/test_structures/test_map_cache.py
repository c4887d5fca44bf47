import numpy as np
import pytest

from mmavssl.structures.map_cache import MapCache, MapCacheWriter, key_of
from mmavssl.utils.errors import DataError

PATHS = [f'data/set/v{number}.mp4' for number in range(20)]


def begin(folder, paths=PATHS, **info):
    return MapCacheWriter(folder, paths, 'data/set', (2, 3, 3), info)


def test_what_was_interrupted_goes_on_where_it_stopped(tmp_path):
    maps = np.random.default_rng(0).normal(size=(20, 2, 3, 3)).astype(np.float16)
    writer = begin(tmp_path / 'maps', localizer='x')
    for row in (3, 0, 7):
        writer.write(row, maps[row], np.array([0.5, 1.5]) + row, (48, 64))
    with pytest.raises(DataError, match='no finished localization maps'):
        MapCache(tmp_path / 'maps')
    del writer
    writer = begin(tmp_path / 'maps', localizer='x')
    assert writer.missing.tolist() == [1, 2, 4, 5, 6, *range(8, 20)]
    for row in writer.missing:
        writer.write(row, maps[row], np.array([0.5, 1.5]) + row, (48, 64))
    writer.finish()
    cache = MapCache(tmp_path / 'maps', '/mnt/other')
    for number in (0, 3, 11, 19):
        row = cache.row(f'/mnt/other/v{number}.mp4')
        np.testing.assert_array_equal(cache.maps[row], maps[number])
        assert cache.times[row].tolist() == [0.5 + number, 1.5 + number]
    assert cache.info['localizer'] == 'x'


def test_other_maps_are_refused(tmp_path):
    begin(tmp_path / 'maps', localizer='x')
    with pytest.raises(DataError, match='other videos or settings'):
        begin(tmp_path / 'maps', localizer='y')
    with pytest.raises(DataError, match='other videos or settings'):
        begin(tmp_path / 'maps', paths=[*PATHS[:-1], 'data/set/other.mp4'], localizer='x')


def test_keys_do_not_depend_on_where_the_data_is():
    assert key_of('a/b/c.mp4', 'a') == key_of('/x/b/c.mp4', '/x/') == key_of('b/c.mp4', '')
    assert key_of('a/b/c.mp4', 'a') != key_of('a/b/d.mp4', 'a')
