"""Maps of a data set's clips, computed once by the tool and looked up in training."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from mmavssl.apis.frame_maps import FrameMaps
from mmavssl.datasets.transforms import LoadSoundMap
from mmavssl.models.localizers import PrecomputedMap
from mmavssl.models.maskers import ASLGuided
from mmavssl.registry import DATASETS, LOCALIZERS
from mmavssl.structures import DrawIndex
from mmavssl.structures.map_cache import MapCache
from mmavssl.utils.configs import load_config

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/asl_mix/avsprites_2shot.py'
NUM_VIDEOS, NUM_MAPS = 6, 5
RATIO = torch.tensor([0.25])


class ChangeForTests(nn.Module):
    """What differs from the frame before: of a frame alone, nothing does."""

    def forward(self, frames, audio):
        return (frames - frames.roll(1, dims=1)).abs().mean(dim=2)


class BrightnessForTests(nn.Module):
    """Brightness on a scale of its own, far from what float16 has."""

    def __init__(self, scale=1.0, offset=0.0):
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, frames, audio):
        return self.scale * frames.mean(dim=2) + self.offset


def load_localizer_cfg():
    localizer_cfg = load_config(str(CONFIG)).model.mixer.masker.localizer.to_dict()
    return {**localizer_cfg, 'init_cfg': None}


def save_localizer(path, seed):
    torch.manual_seed(seed)
    localizer = LOCALIZERS.build(load_localizer_cfg()).eval()
    torch.save(localizer.state_dict(), path)
    return localizer


@pytest.fixture
def localizer(tmp_path):
    """The localizer whose weights are in ``localizer.pth``."""
    return save_localizer(tmp_path / 'localizer.pth', seed=0)


@pytest.fixture
def few(avsprites_root, tmp_path):
    """A list of some clips of AVSprites."""
    lines = (avsprites_root / 'splits/1shot_seed0/unlabeled.csv').read_text().splitlines()
    path = tmp_path / 'few.csv'
    path.write_text('\n'.join(lines[: NUM_VIDEOS + 1]))
    return dict(root=avsprites_root, ann=path)


@pytest.fixture
def precompute(localizer, few, tmp_path, tools):
    """Return what runs the tool and returns its last line."""

    def run(*options, config=CONFIG, root=few['root'], ann=few['ann'], status=0):
        weights = [f'model.mixer.masker.localizer.init_cfg.checkpoint={tmp_path}/localizer.pth']
        args = (
            'data/precompute_maps', config, tmp_path / 'maps', '--num-maps', str(NUM_MAPS),
            '--short-side', '64', '--map-size', '8', '--workers', '0', *options,
            '--cfg-options', *(weights if config == CONFIG else []),
            f'train_dataloader.dataset.unlabeled.data_root={root}',
            f'train_dataloader.dataset.unlabeled.ann_file={ann}',
        )  # fmt: skip
        if status:
            assert tools(*args) == status
            line = tools.capsys.readouterr().err.strip().splitlines()[-1]
            assert line.startswith('precompute_maps: ')
            return line.removeprefix('precompute_maps: ')
        assert tools(*args) == 0
        return tools.capsys.readouterr().out.splitlines()[-1]

    return run


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    """Return what writes a config with another localizer."""
    for localizer in (ChangeForTests, BrightnessForTests):
        monkeypatch.setitem(LOCALIZERS.module_dict, localizer.__name__, localizer)

    def write(**localizer):
        path = tmp_path / f'{localizer["type"]}.py'
        path.write_text(
            f"_base_ = '{CONFIG}'\nmodel = dict(mixer=dict(masker=dict(localizer=dict("
            f'_delete_=True, **{localizer!r}))))\n'
        )
        return path

    return write


@pytest.fixture
def odd_clips(avsprites_root, tmp_path, write_sound, remove_sound):
    """A folder whose ``list.csv`` has what AVSprites has not, and sounds in files of their own."""
    root = tmp_path / 'odd'
    root.mkdir()
    sources = sorted((avsprites_root / 'videos').rglob('*.mp4'))
    for name, source in zip(('whole', 'own_sound', 'hushed'), sources, strict=False):
        shutil.copy(source, root / f'{name}.mp4')
    remove_sound(root / 'own_sound.mp4')
    write_sound(root / 'tone.wav', seconds=3.0)
    write_sound(root / 'silence.wav', samples=np.zeros(48000))
    cv2.imwrite(str(root / 'grey.png'), np.full((80, 80, 3), 90, np.uint8))
    shutil.copy(avsprites_root / 'classes.txt', root)
    (root / 'list.csv').write_text(
        'path,start,end,audio_path\n'
        'whole.mp4,0,1.5,\n'
        'whole.mp4,1.5,3,\n'
        'own_sound.mp4,,,tone.wav\n'
        'hushed.mp4,,,silence.wav\n'
        'grey.png,,,tone.wav\n'
    )
    return dict(root=root, ann='list.csv')


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def unlabeled(root, ann):
    dataset = load_config(str(CONFIG)).train_dataloader.dataset.unlabeled.to_dict()
    return {**dataset, 'source': 'unlabeled', 'data_root': str(root), 'ann_file': str(ann)}


def test_maps_are_those_of_the_localizer(precompute, localizer, few, tmp_path):
    line = precompute()
    assert line.startswith(f'{tmp_path}/maps: maps of 6 videos; 0 could not be read; 0 of 30 ')
    cache = MapCache(tmp_path / 'maps', str(few['root']))
    assert cache.maps.shape == (NUM_VIDEOS, NUM_MAPS, 8, 8)
    assert (cache.sizes == 80).all()
    dataset_cfg = unlabeled(**few)
    path = DATASETS.build({**dataset_cfg, 'pipeline': []}).get_data_info(4)['video_path']
    pipeline = [
        dict(type='OpenAVFile'),
        dict(
            type='SampleClip', clip_len=1, frame_interval=8, target_fps=16, num_clips=NUM_MAPS,
            mode='uniform',
        ),
        dict(type='LoadAVClip', audio_seconds=1.93),
        dict(type='CenterCrop', scale=64, size=64),
        dict(type='LogMel', num_mel_bins=64, target_frames=192),
        dict(type='PackAVInputs'),
    ]  # fmt: skip
    views = DATASETS.build({**dataset_cfg, 'source': 'test', 'pipeline': pipeline})[4]['inputs']
    frames = views['video'].float().div(255).transpose(1, 2)
    with torch.no_grad():
        expected = localizer(frames, views['audio'])[:, 0]
    row = cache.row({'video_path': path})
    np.testing.assert_allclose(cache.read(row), expected.numpy(), atol=2e-3)
    assert cache.times[row][[0, -1]].tolist() == [0, 2.5]


def test_training_looks_them_up(precompute, few, tmp_path):
    precompute()
    dataset_cfg = unlabeled(**few)
    look_up = dict(
        type='LoadSoundMap', folder=str(tmp_path / 'maps'), data_root=str(few['root']), size=8
    )
    views = next(step for step in dataset_cfg['pipeline'] if step['type'] == 'MultiView')
    views['strong'].append(look_up)
    sample = DATASETS.build(dataset_cfg)[DrawIndex(index=3, epoch=1)]
    maps = sample['inputs']['strong']['sound_map']
    assert maps.shape == (4, 8, 8)
    assert maps.flatten(1).std(dim=1).min() > 0
    assert 'sound_map' not in sample['inputs']['weak']


def test_finished_folder_is_left_as_it_is(precompute, tmp_path, monkeypatch):
    line = precompute()
    before = content(tmp_path / 'maps')
    monkeypatch.delattr(FrameMaps, '__call__')
    assert precompute() == line
    assert content(tmp_path / 'maps') == before


def test_finished_folder_of_other_maps_is_refused(precompute, tmp_path):
    precompute()
    before = content(tmp_path / 'maps')
    save_localizer(tmp_path / 'localizer.pth', seed=1)
    for options, differs in ([], 'weights'), (['--num-maps', '4'], 'num_maps'):
        line = precompute(*options, status=2)
        assert line.startswith(f'{tmp_path}/maps holds localization maps of another')
        assert differs in line
    assert content(tmp_path / 'maps') == before


def test_interrupted_and_resumed_equals_uninterrupted(precompute, tmp_path, monkeypatch):
    precompute()
    expected = content(tmp_path / 'maps')
    shutil.rmtree(tmp_path / 'maps')
    localize, calls = FrameMaps.__call__, []

    def until_interrupted(*args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return localize(*args)

    monkeypatch.setattr(FrameMaps, '__call__', until_interrupted)
    assert precompute(status=130) == 'stopped. The same command goes on from here.'
    assert not (tmp_path / 'maps/info.json').exists()
    save_localizer(tmp_path / 'localizer.pth', seed=1)
    assert 'weights' in precompute(status=2)
    save_localizer(tmp_path / 'localizer.pth', seed=0)
    precompute()
    assert len(calls) == 3 + NUM_VIDEOS - 2
    assert content(tmp_path / 'maps') == expected


def test_rows_of_the_list_are_as_in_training(precompute, odd_clips, tmp_path):
    """Each with its own part of the file and its own sound."""
    line = precompute(**odd_clips)
    assert 'maps of 5 videos; 0 could not be read' in line
    cache = MapCache(tmp_path / 'maps', str(odd_clips['root']))
    rows = [
        cache.row({'video_path': f'{odd_clips["root"]}/whole.mp4', 'start': start, 'end': end})
        for start, end in ((0, 1.5), (1.5, 3))
    ]
    assert cache.times[rows[0]].max() < 1.5 <= cache.times[rows[1]].min()
    assert cache.times[rows].max() > 2


def test_nothing_to_see_or_hear_is_drawn_uniformly_and_counted(precompute, odd_clips, tmp_path):
    line = precompute(**odd_clips)
    assert line.endswith(
        '10 of 25 maps are constant (without sound, of one colour, or by the localizer): masks '
        'will be drawn uniformly there.'
    )
    root = str(odd_clips['root'])
    look_up = LoadSoundMap(str(tmp_path / 'maps'), root, size=8)
    dataset_cfg = unlabeled(**odd_clips)
    views = next(step for step in dataset_cfg['pipeline'] if step['type'] == 'MultiView')
    views['strong'].append(look_up)
    dataset = DATASETS.build(dataset_cfg)
    for index, uniform in enumerate([False, False, False, True, True]):
        strong = dataset[DrawIndex(index=index, epoch=1)]['inputs']['strong']
        masker = ASLGuided(PrecomputedMap())
        frames = strong['video'].float().div(255).transpose(0, 1)[None]
        frames = frames + 0.1 * torch.rand_like(frames)  # the masker sees no blank frame
        result = masker(RATIO, (4, 8, 8), frames, strong['sound_map'][None])
        assert bool(result.heatmap.eq(1).all()) == uniform
        assert int(masker.degenerate_maps.count) == 4 * uniform


def test_localizer_that_compares_frames_is_refused(precompute, config_of, tmp_path):
    line = precompute(config=config_of(type='ChangeForTests'), status=2)
    assert line.startswith('ChangeForTests gives a frame another map')
    assert not (tmp_path / 'maps/info.json').exists()


def test_maps_that_tell_nothing_are_an_error(precompute, config_of, tmp_path):
    line = precompute(config=config_of(type='BrightnessForTests', scale=0.0), status=2)
    assert line.startswith('All 30 maps are constant')
    assert not (tmp_path / 'maps/info.json').exists()


@pytest.mark.parametrize(('scale', 'offset'), [(1e7, -3e6), (1e-7, 0), (0.25, 100)])
def test_any_range_is_kept(precompute, config_of, few, tmp_path, scale, offset):
    """Means over frames (`frames_per_map`) are of the localizer's own values."""
    precompute(config=config_of(type='BrightnessForTests'))
    plain = MapCache(tmp_path / 'maps', str(few['root']))
    values = np.stack([plain.read(row) for row in range(NUM_VIDEOS)])
    assert 0 <= values.min() < 0.3 < values.max() <= 1
    shutil.rmtree(tmp_path / 'maps')
    precompute(config=config_of(type='BrightnessForTests', scale=scale, offset=offset))
    other = MapCache(tmp_path / 'maps', str(few['root']))
    for row in range(NUM_VIDEOS):
        restored = (other.read(row).astype(np.float64) - offset) / scale
        np.testing.assert_allclose(restored, values[row], atol=1e-3)


@pytest.mark.parametrize('kind', ['Oracle', 'PrecomputedMap'])
def test_localizer_that_hears_no_sound_is_refused(precompute, config_of, kind):
    line = precompute(config=config_of(type=kind), status=2)
    assert line.startswith(f'{kind} has `audio_input`=')
