import numpy as np
import pytest

from mmavssl.datasets.shards.shard_index import Place, ShardIndex, join_records, make_records
from mmavssl.utils import DataError


def places(count):
    return {f'videos/größe {n}.mp4': Place(n % 7, 512 + n * 2**33, n) for n in range(count)}


@pytest.mark.parametrize('count', [1, 2, 1000])
def test_every_path_is_found(tmp_path, count):
    expected = places(count)
    join_records([make_records(list(expected), list(expected.values()))]).save(tmp_path / 'i.npy')
    index = ShardIndex.open(tmp_path / 'i.npy')
    assert len(index) == count
    assert {path: index.find(path) for path in expected} == expected
    assert index.find('videos//größe 0.mp4') == expected['videos/größe 0.mp4']
    assert all(index.find(path) is None for path in ('', 'x', 'videos', f'größe {count}.mp4'))


def test_order_of_parts_does_not_matter_and_the_first_place_counts():
    one, two = places(5), {'videos/größe 3.mp4': Place(9, 9, 9), 'new': Place(8, 8, 8)}
    index = join_records([make_records(list(p), list(p.values())) for p in (one, two)])
    assert len(index) == 6
    assert index.find('videos/größe 3.mp4') == one['videos/größe 3.mp4']
    assert index.find('new') == Place(8, 8, 8)


def test_paths_that_share_half_of_their_hash():
    records = make_records(['a', 'b', 'c'], [Place(n, n, n) for n in range(3)])
    records['high'] = records['high'][0]
    index = join_records([records])
    assert len(index) == 3
    assert index.find('a') == Place(0, 0, 0)
    assert index.find('b') is None


def test_index_takes_no_memory(tmp_path):
    expected = places(50)
    join_records([make_records(list(expected), list(expected.values()))]).save(tmp_path / 'i.npy')
    records = ShardIndex.open(tmp_path / 'i.npy').records
    assert isinstance(records.base, np.memmap)
    assert records.itemsize == 36


def test_what_is_no_index(tmp_path):
    with pytest.raises(DataError, match=r'no\.npy, the index of the shards, cannot be read'):
        ShardIndex.open(tmp_path / 'no.npy')
    np.save(tmp_path / 'i.npy', np.arange(3))
    with pytest.raises(DataError, match=r'i\.npy is no index of shards'):
        ShardIndex.open(tmp_path / 'i.npy')
    expected = places(50)
    join_records([make_records(list(expected), list(expected.values()))]).save(tmp_path / 'i.npy')
    content = (tmp_path / 'i.npy').read_bytes()
    (tmp_path / 'i.npy').write_bytes(content[:-40])
    with pytest.raises(DataError, match='cannot be read'):
        ShardIndex.open(tmp_path / 'i.npy')
