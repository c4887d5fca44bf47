from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mmavssl.datasets.transforms import LoadSoundMap, WholeFrame
from mmavssl.structures.map_cache import key_of
from mmavssl.structures.map_cache_writer import MapCacheWriter
from mmavssl.utils.errors import DataError

HEIGHT, WIDTH = 60, 80
TIMES = np.array([0.0, 1.0, 2.0])


@pytest.fixture
def folder(tmp_path):
    """Maps of the second video: x at 0 s, y at 1 s, 7 at 2 s; the first is not readable."""
    keys = [key_of({'video_path': f'root/{name}.mp4'}, 'root') for name in ('bad', 'a/b')]
    writer = MapCacheWriter(tmp_path / 'maps', keys, (3, 20, 20), {})
    ramp = (np.arange(20) + 0.5) / 20
    maps = np.stack(
        [np.tile(ramp, (20, 1)), np.tile(ramp[:, None], (1, 20)), np.full((20, 20), 7)]
    )
    writer.write(1, maps, TIMES, (HEIGHT, WIDTH))
    writer.finish()
    return tmp_path / 'maps'


def clip(frames, crops, **kwargs):
    clock = SimpleNamespace(times=np.arange(30) / 10)
    return {
        'video_path': 'elsewhere/a/b.mp4', 'video_file': SimpleNamespace(clock=clock),
        'frame_inds': np.array(frames), 'crop_box': np.array(crops), **kwargs,
    }  # fmt: skip


@pytest.mark.parametrize('flip', [False, True])
def test_maps_are_nearest_in_time_and_cut_like_the_frames(folder, flip):
    transform = LoadSoundMap(str(folder), data_root='elsewhere', size=4)
    box = [20, 12, 60, 52]
    maps = transform(clip([[4, 6, 19, 29]], [box], flip=flip))['sound_map']
    assert maps.shape == (1, 4, 4, 4)
    cells = (torch.arange(4) + 0.5) / 4
    x = (20 + 40 * cells) / WIDTH
    y = (12 + 40 * cells) / HEIGHT
    x = x.flip(0) if flip else x
    torch.testing.assert_close(maps[0, 0], x.expand(4, 4), atol=2e-3, rtol=0)  # float16
    torch.testing.assert_close(maps[0, 1], y[:, None].expand(4, 4), atol=2e-3, rtol=0)
    assert maps[0, 2:].eq(7).all()


def test_each_crop_of_each_clip_has_its_own(folder):
    transform = LoadSoundMap(str(folder), data_root='elsewhere', size=2)
    left, right = [0, 0, 40, 40], [40, 0, 80, 40]
    maps = transform(clip([[0, 0], [20, 20]], [left, right, left, right]))['sound_map']
    assert maps.shape == (4, 2, 2, 2)
    torch.testing.assert_close(
        maps[:2, 0, 0], torch.tensor([[0.125, 0.375], [0.625, 0.875]]), atol=1e-3, rtol=0
    )
    assert maps[2:].eq(7).all()


def test_what_is_missing_is_named(folder, tmp_path):
    transform = LoadSoundMap(str(folder), data_root='elsewhere')
    other = {**clip([[0]], [[0, 0, 1, 1]]), 'video_path': 'elsewhere/c.mp4'}
    with pytest.raises(DataError, match=r'no localization maps of elsewhere/c\.mp4'):
        transform(other)
    with pytest.raises(DataError, match=r'bad\.mp4 could not be read when'):
        transform({**other, 'video_path': 'elsewhere/bad.mp4'})
    uncut = clip([[0]], [])
    del uncut['crop_box']
    with pytest.raises(DataError, match=r'no .* maps of .*b\.mp4 from 0\.5 s to the end\. Make'):
        transform(clip([[0]], [[0, 0, 1, 1]], start=0.5))
    with pytest.raises(DataError, match=r'b\.mp4 had frames of 80 x 60 .* Make the maps anew'):
        transform(clip([[0]], [[0, 0, 61, 61]]))
    with pytest.raises(DataError, match='after a crop'):
        transform(uncut)
    with pytest.raises(DataError, match=r'tools/data/precompute_maps\.py CONFIG FOLDER'):
        LoadSoundMap(str(tmp_path), data_root='')


def test_whole_frames():
    frames = np.random.default_rng(0).integers(0, 256, (2, HEIGHT, WIDTH, 3), np.uint8)
    results = WholeFrame(short_side=30)({'imgs': frames, 'frame_inds': np.zeros((2, 1))})
    assert results['imgs'].shape == (2, 30, 40, 3)
    assert results['frame_size'] == (HEIGHT, WIDTH)
    assert results['crop_box'].tolist() == [[0, 0, WIDTH, HEIGHT]] * 2
    with pytest.raises(ValueError, match='Expected `short_side`'):
        WholeFrame(0)
