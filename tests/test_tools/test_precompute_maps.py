"""Maps of a data set's clips, computed once by the tool and looked up in training."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mmavssl.registry import DATASETS, LOCALIZERS
from mmavssl.structures import DrawIndex
from mmavssl.structures.map_cache import MapCache
from mmavssl.utils.configs import load_config

ROOT = Path(__file__).parents[2]
CONFIG = 'configs/asl_mix/avsprites_2shot.py'


@pytest.fixture
def setting(avsprites_root, tmp_path, tools):
    """Return the folder of maps, the unlabeled data set's config and the localizer."""
    torch.manual_seed(0)
    cfg = load_config(str(ROOT / CONFIG))
    localizer_cfg = cfg.model.mixer.masker.localizer.to_dict()
    del localizer_cfg['init_cfg']
    localizer = LOCALIZERS.build(localizer_cfg).eval()
    torch.save(localizer.state_dict(), tmp_path / 'localizer.pth')
    dataset = cfg.train_dataloader.dataset.unlabeled.to_dict()
    dataset.update(data_root=str(avsprites_root), ann_file='splits/1shot_seed0/unlabeled.csv')
    options = [
        f'model.mixer.masker.localizer.init_cfg.checkpoint={tmp_path / "localizer.pth"}',
        f'train_dataloader.dataset.unlabeled.data_root={avsprites_root}',
        'train_dataloader.dataset.unlabeled.ann_file=splits/1shot_seed0/unlabeled.csv',
    ]
    status = tools(
        'data/precompute_maps', ROOT / CONFIG, tmp_path / 'maps', '--num-maps', '5',
        '--short-side', '64', '--map-size', '8', '--workers', '0', '--cfg-options', *options,
    )  # fmt: skip
    assert status == 0
    return tmp_path / 'maps', dataset, localizer


def test_maps_are_those_of_the_localizer(setting, avsprites_root):
    folder, dataset_cfg, localizer = setting
    cache = MapCache(folder, str(avsprites_root))
    assert cache.maps.shape == (32, 5, 8, 8)
    assert (cache.sizes == 80).all()
    dataset = DATASETS.build({**dataset_cfg, 'pipeline': []})
    path = dataset.get_data_info(4)['video_path']
    row = cache.row(path)
    pipeline = [
        dict(type='OpenAVFile'),
        dict(
            type='SampleClip', clip_len=1, frame_interval=8, target_fps=16, num_clips=5,
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
    assert expected.shape == (5, 8, 8)
    np.testing.assert_allclose(cache.maps[row], expected.numpy(), atol=2e-3)
    assert cache.times[row][[0, -1]].tolist() == [0, 2.5]


def test_training_looks_them_up(setting, avsprites_root):
    folder, dataset_cfg, _ = setting
    look_up = dict(type='LoadSoundMap', folder=str(folder), data_root=str(avsprites_root), size=8)
    views = next(step for step in dataset_cfg['pipeline'] if step['type'] == 'MultiView')
    views['strong'].append(look_up)
    sample = DATASETS.build(dataset_cfg)[DrawIndex(index=3, epoch=1)]
    maps = sample['inputs']['strong']['sound_map']
    assert maps.shape == (4, 8, 8)
    assert maps.flatten(1).std(dim=1).min() > 0
    assert 'sound_map' not in sample['inputs']['weak']
