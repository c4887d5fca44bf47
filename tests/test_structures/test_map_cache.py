import json

import numpy as np
import pytest

from mmavssl.structures.map_cache import MapCache, key_of
from mmavssl.structures.map_cache_writer import MapCacheWriter
from mmavssl.utils.errors import DataError

TIMES = np.array([0.5, 1.5])
SIZE = (48, 64)


def clip(path, start=None, end=None):
    return {'video_path': path, 'start': start, 'end': end}


@pytest.fixture
def folder(tmp_path):
    """Maps of three clips: one that could not be read, one with a constant map."""
    keys = [key_of(clip(f'data/set/{name}.mp4'), 'data/set') for name in 'abc']
    writer = MapCacheWriter(tmp_path / 'maps', keys, (2, 3, 3), {'localizer': 'x'})
    maps = np.arange(18.0).reshape(2, 3, 3)
    writer.write(2, maps, TIMES, SIZE)
    writer.write(0, np.stack([maps[0], np.full((3, 3), 0.7)]), TIMES + 1, SIZE)
    writer.finish()
    return tmp_path / 'maps'


def test_lookup_wherever_the_data_is(folder):
    cache = MapCache(folder, '/mnt/other/')
    assert cache.info['localizer'] == 'x'
    row = cache.row(clip('/mnt/other/c.mp4'))
    np.testing.assert_allclose(cache.read(row), np.arange(18.0).reshape(2, 3, 3), atol=4e-3)
    assert cache.times[row].tolist() == TIMES.tolist()
    which = np.array([[1, 1, 0], [0, 0, 1]])
    assert np.array_equal(cache.read(row, which), cache.read(row)[which])
    with pytest.raises(DataError, match=r'/mnt/other/b\.mp4 could not be read'):
        cache.row(clip('/mnt/other/b.mp4'))
    with pytest.raises(DataError, match=r'no localization maps of /mnt/other/d\.mp4\. '):
        cache.row(clip('/mnt/other/d.mp4'))
    with pytest.raises(DataError, match=r'of /mnt/other/c\.mp4 from 0\.0 s to 2 s'):
        cache.row(clip('/mnt/other/c.mp4', end=2))


def test_constant_maps_are_exact_and_counted(folder):
    cache = MapCache(folder)
    assert cache.counts == (3, 1, 4, 1)
    assert (cache.read(0)[1] == np.float32(0.7)).all()


@pytest.mark.parametrize(('low', 'span'), [(-7e6, 1e7), (0, 1e-7), (0.3, 1e-3), (-1e30, 2e30)])
def test_any_range_is_restored(tmp_path, low, span):
    maps = np.float32(low + span * np.random.default_rng(0).random((1, 20, 20)))
    writer = MapCacheWriter(tmp_path, [7], (1, 20, 20), {})
    writer.write(0, maps, TIMES[:1], SIZE)
    writer.finish()
    read = MapCache(tmp_path).read(0)
    assert read.dtype == np.float32
    assert np.abs(read - maps).max() < span * 2.0**-11


@pytest.mark.parametrize('name', ['info.json', 'ranges.npy'])
def test_folder_that_is_not_complete(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf'no finished localization maps \(there is no {name}\)'):
        MapCache(folder)


def test_keys_name_a_part_of_a_file():
    same = [
        key_of(clip('a/b/c.mp4'), 'a'), key_of(clip('/x/b/c.mp4', 0.0), '/x/'),
        key_of({'video_path': 'b/c.mp4'}), key_of(clip('a/b/c.mp4', np.float32(0)), './a/'),
        key_of(clip('s3://bucket/set/b/c.mp4'), 's3://bucket/set'),
    ]  # fmt: skip
    assert len(set(same)) == 1
    others = [
        key_of(clip('a/b/d.mp4'), 'a'), key_of(clip('a/b/c.mp4', 1.0), 'a'),
        key_of(clip('a/b/c.mp4', 0.0, 1.0), 'a'), key_of(clip('ab/c.mp4'), 'a'),
    ]  # fmt: skip
    assert len({same[0], *others}) == 5


def test_info_says_how_the_maps_were_made(folder):
    info = json.loads((folder / 'info.json').read_text())
    assert info['shape'] == [2, 3, 3]
    assert info['videos'] == 3
    assert not (folder / 'begun.json').exists()
