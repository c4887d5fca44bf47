from pathlib import Path

import numpy as np
import pytest

from mmavssl.datasets.clip_infos import ClipInfos
from mmavssl.datasets.manifest import read_manifest


@pytest.fixture
def infos(tmp_path):
    (tmp_path / 'list.csv').write_text(
        'path,label\n' + ''.join(f'{i},{i % 2}\n' for i in range(9))
    )
    return ClipInfos(read_manifest(tmp_path / 'list.csv', ('a', 'b')), '/root', 'labeled')


def numbers(infos):
    return [int(Path(info['video_path']).name) for info in infos]


def test_all(infos):
    assert numbers(infos) == list(range(9))
    assert infos[-1] == infos[8]
    assert infos[3] == {
        'video_path': '/root/3',
        'audio_path': None,
        'start': None,
        'end': None,
        'source': 'labeled',
        'label': 1,
    }
    for index in (9, -10):
        with pytest.raises(IndexError):
            infos[index]


def test_confidence_where_the_list_has_one(tmp_path):
    (tmp_path / 'list.csv').write_text('path,label,confidence\n0,1,0.5\n1,0,\n')
    table = read_manifest(tmp_path / 'list.csv', ('a', 'b'))
    for source in ('labeled', 'unlabeled'):
        first, second = ClipInfos(table, '/root', source)
        assert first['confidence'] == 0.5
        assert 'confidence' not in second


def test_some(infos):
    assert numbers(infos[2:7:2]) == [2, 4, 6]
    assert isinstance(infos[2:7].rows, range)
    taken = infos.take([5, -1, 5, 0])
    assert numbers(taken) == [5, 8, 5, 0]
    assert numbers(taken[1:]) == [8, 5, 0]
    assert numbers(taken.take(np.array([3, 1]))) == [0, 8]
    assert numbers(infos[2:8].take(range(1, 3))) == [3, 4]
    assert len(infos.take([])) == 0
    for data in (infos, taken):
        with pytest.raises(IndexError):
            data.take([9])
