"""The shipped pipelines on real files: what is decoded once, and that a draw can be rebuilt."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmavssl.datasets import AVDataset, EpochSampler, av_worker_init_fn, samplers
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.pyav_decoder import PyAVDecoder
from mmavssl.structures import DrawIndex

PIPELINES = Path(__file__).parents[2] / 'configs/_base_/pipelines'
NUM_CLIPS = 6


@pytest.fixture
def make(make_video, tmp_path):
    """Return a function that builds the data set of a few short files."""
    for number in range(NUM_CLIPS):
        make_video(f'{number}.mp4', fps=12, size=(96, 72), options={'g': '12', 'bf': '2'})
    rows = ''.join(f'{number}.mp4,0\n' for number in range(NUM_CLIPS))
    (tmp_path / 'list.csv').write_text('path,label\n' + rows)
    (tmp_path / 'classes.txt').write_text('a\n')

    def make_dataset(name, key='unlabeled_pipeline', source='unlabeled', **kwargs):
        pipeline = Config.fromfile(PIPELINES / f'{name}.py')[key]
        return AVDataset(
            'list.csv', data_root=str(tmp_path), pipeline=pipeline, source=source, **kwargs
        )

    return make_dataset


@pytest.fixture
def calls(monkeypatch):
    """Count what is opened and decoded."""
    count = {'opened': 0, 'decoded': 0}

    def counted(function, name):
        def call(*args, **kwargs):
            count[name] += 1
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(MediaFile, '_open', counted(MediaFile._open, 'opened'))
    monkeypatch.setattr(PyAVDecoder, 'decode', counted(PyAVDecoder.decode, 'decoded'))
    return count


@pytest.mark.parametrize(
    ('name', 'key'),
    [
        ('audio_visual_224', 'unlabeled_pipeline'),
        ('audio_visual_224_one_window', 'unlabeled_pipeline'),
        ('audio_visual_224', 'test_pipeline'),
        ('video_224', 'unlabeled_pipeline'),
        ('video_224', 'test_pipeline'),
    ],
)
def test_one_open_and_one_pass_for_all_views(make, calls, name, key):
    make(name, key)[0]
    assert calls == {'opened': 1, 'decoded': 1}


def test_views_have_windows_of_their_own_or_share_one(make):
    own = make('audio_visual_224')[0]
    weak, strong = (own['data_samples'].clip_times[view] for view in ('weak', 'strong'))
    assert not np.array_equal(weak, strong)
    one = make('audio_visual_224_one_window')[0]
    weak, strong = (one['data_samples'].clip_times[view] for view in ('weak', 'strong'))
    np.testing.assert_array_equal(weak, strong)
    views = one['inputs']
    assert torch.equal(views['weak']['audio'], views['strong']['audio_clean'])
    assert not torch.equal(views['strong']['audio'], views['strong']['audio_clean'])
    assert not torch.equal(views['weak']['video'], views['strong']['video'])
    shapes = [
        {key: tensor.shape for key, tensor in sample['inputs'][view].items()}
        for sample in (own, one)
        for view in ('weak', 'strong')
    ]
    assert shapes[:2] == shapes[2:]


def assert_same(ours, expected):
    for view, tensors in expected['inputs'].items():
        for key, tensor in tensors.items():
            assert torch.equal(ours['inputs'][view][key], tensor), (view, key)


@pytest.mark.parametrize('num_workers', [0, 1, 2])
@pytest.mark.parametrize('world_size', [1, 2])
def test_any_sample_of_a_run_can_be_rebuilt_alone(make, monkeypatch, num_workers, world_size):
    """It follows from (seed, epoch, sample_idx), whatever the number of workers and ranks."""
    seen = set()
    for rank in range(world_size):
        monkeypatch.setattr(samplers, 'get_dist_info', lambda at=rank: (at, world_size))
        dataset = make('audio_visual_224', seed=5)
        sampler = EpochSampler(dataset, seed=5)
        sampler.set_epoch(3)
        loader = DataLoader(
            dataset, batch_size=None, sampler=sampler, num_workers=num_workers,
            worker_init_fn=av_worker_init_fn,
        )  # fmt: skip
        for sample in loader:
            index = sample['data_samples'].sample_idx
            seen.add(index)
            alone = make('audio_visual_224', seed=5)
            assert_same(sample, alone[DrawIndex(index, epoch=3)])
    assert seen == set(range(NUM_CLIPS))
