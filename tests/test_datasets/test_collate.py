import pytest
import torch

from mmavssl.datasets import av_collate, semi_supervised_collate
from mmavssl.structures import AVDataSample
from mmavssl.utils import DataError


def make(index, source='labeled', views=('weak',), audio_frames=6, **more):
    generator = torch.Generator().manual_seed(index)
    inputs = {
        view: {
            'video': torch.randint(0, 255, (3, 2, 4, 4), dtype=torch.uint8, generator=generator),
            'audio': torch.rand(audio_frames, 5, generator=generator),
            **more,
        }
        for view in views
    }
    metainfo = {'sample_idx': index, 'source': source, 'video_path': f'{source}/{index}.mp4'}
    return {'inputs': inputs, 'data_samples': AVDataSample(metainfo=metainfo)}


def test_training_batch():
    samples = [make(0), make(1)]
    samples += [make(i, 'unlabeled', ('weak', 'strong')) for i in range(5)]
    batch = semi_supervised_collate([samples[i] for i in (2, 0, 3, 1, 4, 5, 6)])
    groups = {'labeled': samples[:2], 'unlabeled': samples[2:]}
    assert batch.keys() == {'inputs', 'data_samples'}
    assert batch['inputs']['labeled'].keys() == {'weak'}
    assert batch['inputs']['unlabeled'].keys() == {'weak', 'strong'}
    for source, group in groups.items():
        assert batch['data_samples'][source] == [sample['data_samples'] for sample in group]
        for view, modalities in batch['inputs'][source].items():
            for name, tensor in modalities.items():
                assert tensor.is_contiguous()
                for i, sample in enumerate(group):
                    assert torch.equal(tensor[i], sample['inputs'][view][name])
    assert batch['inputs']['unlabeled']['strong']['video'].shape == (5, 3, 2, 4, 4)
    assert batch['inputs']['unlabeled']['strong']['video'].dtype == torch.uint8


@pytest.mark.parametrize('source', ['labeled', 'unlabeled'])
def test_absent_source(source):
    batch = semi_supervised_collate([make(0, source), make(1, source)])
    assert batch['inputs'].keys() == batch['data_samples'].keys() == {source}


def test_test_batch():
    samples = [make(i, 'test') for i in range(3)]
    for sample in samples:
        sample['inputs'] = {'video': sample['inputs']['weak']['video'].expand(15, -1, -1, -1, -1)}
    batch = av_collate(samples)
    assert batch['inputs']['video'].shape == (3, 15, 3, 2, 4, 4)
    assert [s.sample_idx for s in batch['data_samples']] == [0, 1, 2]


def test_different_shapes():
    with pytest.raises(DataError) as error:
        av_collate([make(0), make(1), make(2, audio_frames=7)])
    for word in ('inputs.weak.audio of labeled/2.mp4', '(7, 5)', 'labeled/0.mp4', '(6, 5)'):
        assert word in str(error.value)


def test_different_types():
    other = make(1)
    other['inputs']['weak']['video'] = other['inputs']['weak']['video'].float()
    with pytest.raises(DataError, match=r'labeled/1\.mp4 is float32 .*0\.mp4 is uint8'):
        av_collate([make(0), other])


def test_different_modalities():
    with pytest.raises(DataError) as error:
        av_collate([make(0), make(1, waveform=torch.zeros(3))])
    for word in ('inputs.weak of labeled/1.mp4', "'waveform'", 'labeled/0.mp4', 'same keys'):
        assert word in str(error.value)


def test_samples_without_files():
    samples = [make(0), make(3, audio_frames=7)]
    for sample in samples:
        del sample['data_samples'].video_path
    with pytest.raises(DataError, match=r'labeled sample 3 is .* labeled sample 0 is'):
        av_collate(samples)
