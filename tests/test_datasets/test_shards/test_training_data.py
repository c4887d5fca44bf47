"""Samples from shards are those from files, tensor by tensor."""

import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmavssl.datasets import AVDataset, EpochSampler, av_worker_init_fn
from mmavssl.datasets.shards.pack import PackOptions, pack_shards
from mmavssl.utils.errors import DataError

PIPELINE = Config.fromfile(
    Path(__file__).parents[3] / 'configs/_base_/pipelines/audio_visual_64.py'
)['unlabeled_pipeline']


def dataset(ann_file, data_root, backend_args=None):
    pipeline = copy.deepcopy(list(PIPELINE))
    pipeline[0] = {'type': 'OpenAVFile', 'backend_args': backend_args}
    return AVDataset(
        str(ann_file), data_root=str(data_root), pipeline=pipeline, source='unlabeled'
    )


@pytest.fixture
def shards(avsprites_root, tmp_path):
    options = PackOptions(max_count=15)
    pack_shards(avsprites_root / 'manifest_train.csv', tmp_path / 'shards', options=options)
    return tmp_path / 'shards'


@pytest.mark.parametrize('num_workers', [0, 2])
def test_a_split_of_the_files_is_read_from_shards(avsprites_root, shards, num_workers):
    split = 'splits/1shot_seed0/unlabeled.csv'
    files = dataset(split, avsprites_root)
    packed = dataset(
        split,
        avsprites_root,
        {'backend': 'shards', 'root': str(shards), 'data_root': str(avsprites_root)},
    )
    sampler = EpochSampler(packed, epoch_size=8, block_size=5, block_window=2)
    sampler.set_epoch(2)
    draws = list(sampler)
    loader = DataLoader(
        packed, batch_size=None, sampler=sampler, num_workers=num_workers,
        worker_init_fn=av_worker_init_fn,
    )  # fmt: skip
    for draw, sample in zip(draws, loader, strict=True):
        expected = files[draw]
        assert sample['data_samples'].sample_idx == draw.index
        for view, tensors in expected['inputs'].items():
            for key, tensor in tensors.items():
                assert torch.equal(sample['inputs'][view][key], tensor)


def test_the_folder_of_shards_is_a_data_set(avsprites_root, shards):
    packed = dataset('manifest.csv', shards, {'backend': 'shards', 'root': str(shards)})
    assert len(packed) == 40
    paths = {packed[i]['data_samples'].video_path for i in range(0, 40, 13)}
    assert all(path.startswith(str(shards)) for path in paths)
    assert not list(shards.rglob('*.mp4'))


def test_truncated_shard_is_named(avsprites_root, shards):
    path = shards / 'shard-000001.tar'
    path.write_bytes(path.read_bytes()[:5000])
    packed = dataset('manifest.csv', shards, {'backend': 'shards', 'root': str(shards)})
    with pytest.raises(DataError, match=r'\.mp4: .*shard-000001\.tar is truncated: it has 5000'):
        [packed[index] for index in range(15, 30)]
