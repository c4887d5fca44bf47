import hashlib

from mmavssl.apis.grid.grid_file import Preparation
from mmavssl.apis.grid.made import hashes


def test_hashes_of_files_and_folders(tmp_path):
    steps = [
        Preparation('python a.py', 'data/list.csv'),
        Preparation('python b.py {seed}', 'splits/{seed}'),
    ]
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/list.csv').write_text('x')
    for seed in (1, 2):
        (tmp_path / f'splits/{seed}/deep').mkdir(parents=True)
        (tmp_path / f'splits/{seed}/deep/labeled.csv').write_text('y')
    one, two = (hashes(steps, seed, tmp_path) for seed in (1, 2))
    assert list(one) == ['data/list.csv', 'splits/1']
    assert one['data/list.csv'] == hashlib.sha256(b'x').hexdigest()[:12]
    assert one['splits/1'] == two['splits/2']
    (tmp_path / 'splits/2/deep/labeled.csv').write_text('z')
    assert hashes(steps, 2, tmp_path)['splits/2'] != two['splits/2']
    (tmp_path / 'splits/2/deep/labeled.csv').rename(tmp_path / 'splits/2/deep/other.csv')
    assert len({hashes(steps, 2, tmp_path)['splits/2'], two['splits/2']}) == 2


def test_results_say_what_they_were_made_from(place):
    place.run(seeds=[1])
    (step,) = place.records()['one', 1]['made'].items()
    assert step == ('made_1', hashlib.sha256(b'').hexdigest()[:12])
