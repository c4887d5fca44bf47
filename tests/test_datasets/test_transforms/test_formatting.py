import numpy as np
import pytest
import torch

from mmavssl.datasets.transforms import PackAVInputs
from mmavssl.utils.errors import ConfigError


def view(num_clips=1, num_crops=1, num_frames=2, seed=0):
    rng = np.random.RandomState(seed)
    count = num_clips * num_crops * num_frames
    return {
        'imgs': rng.randint(0, 256, (count, 4, 5, 3), np.uint8),
        'frame_inds': np.arange(num_clips * num_frames).reshape(num_clips, num_frames),
        'clip_times': np.arange(2.0 * num_clips).reshape(num_clips, 2),
        'audio': torch.from_numpy(rng.rand(num_clips, 6, 7).astype(np.float32)),
        'waveform': rng.rand(num_clips, 9).astype(np.float32),
    }


def test_test_sample_has_every_view_with_the_audio_of_its_clip():
    results = {**view(num_clips=2, num_crops=3), 'crop_box': np.arange(24).reshape(6, 4)}
    packed = PackAVInputs(keep_waveform=True)(results)
    video, audio = packed['inputs']['video'], packed['inputs']['audio']
    assert (video.shape, video.dtype) == ((6, 3, 2, 4, 5), torch.uint8)
    for index in range(6):
        frames = results['imgs'][2 * index : 2 * index + 2]
        np.testing.assert_array_equal(video[index].numpy(), frames.transpose(3, 0, 1, 2))
        assert torch.equal(audio[index], results['audio'][index // 3])
        waveform = results['waveform'][index // 3]
        np.testing.assert_array_equal(packed['inputs']['waveform'][index].numpy(), waveform)
    sample = packed['data_samples']
    np.testing.assert_array_equal(sample.clip_times, results['clip_times'])
    np.testing.assert_array_equal(sample.frame_inds, results['frame_inds'])
    np.testing.assert_array_equal(sample.crop_box, results['crop_box'])


def test_training_sample_has_its_views_by_name():
    weak, strong = view(), view(seed=1)
    weak['audio_clean'] = weak['audio'] + 1
    packed = PackAVInputs()({'views': {'weak': weak, 'strong': strong}, 'label': 4})
    assert set(packed['inputs']) == {'weak', 'strong'}
    assert set(packed['inputs']['weak']) == {'video', 'audio', 'audio_clean'}
    assert set(packed['inputs']['strong']) == {'video', 'audio'}
    for name, source in (('weak', weak), ('strong', strong)):
        tensors = packed['inputs'][name]
        assert tensors['video'].is_contiguous()
        np.testing.assert_array_equal(
            tensors['video'].numpy(), source['imgs'].transpose(3, 0, 1, 2)
        )
        assert torch.equal(tensors['audio'], source['audio'][0])
        np.testing.assert_array_equal(
            packed['data_samples'].clip_times[name], source['clip_times']
        )
    assert packed['data_samples'].gt_label.item() == 4


def test_spectrograms_go_with_the_log_mels():
    results = view(num_clips=2, num_crops=3)
    results['spectrogram'] = torch.arange(2.0)[:, None, None].expand(2, 257, 9)
    packed = PackAVInputs()(results)['inputs']['spectrogram']
    assert packed.shape == (6, 257, 9)
    assert packed[:, 0, 0].tolist() == [0, 0, 0, 1, 1, 1]


def test_meta_keys_and_label_are_packed_where_known():
    known = {'sample_idx': 3, 'source': 'unlabeled', 'video_path': 'a.mp4', 'has_audio': True}
    sample = PackAVInputs()({**view(), **known, 'other': 1})['data_samples']
    assert {key: getattr(sample, key) for key in known} == known
    assert 'gt_label' not in sample
    assert 'other' not in sample
    assert 'gt_for_log' not in sample


def test_packed_video_is_a_copy():
    results = view()
    packed = PackAVInputs()(results)['inputs']['video']
    before = packed.clone()
    results['imgs'][:] = 0
    assert torch.equal(packed, before)


def test_video_alone_can_be_packed():
    results = view()
    del results['audio']
    assert set(PackAVInputs()(results)['inputs']) == {'video'}


@pytest.mark.parametrize(('clips', 'crops', 'count'), [(2, 1, 2), (1, 3, 3)])
def test_training_view_is_one_clip(clips, crops, count):
    views = {'weak': view(), 'strong': view(num_clips=clips, num_crops=crops)}
    with pytest.raises(ConfigError, match=f"The view 'strong' has {count} clips or crops"):
        PackAVInputs()({'views': views})
