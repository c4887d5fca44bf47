import numpy as np
import pytest
import torch

from mmavssl.datasets.transforms import MultiView, PackAVInputs
from mmavssl.registry import TRANSFORMS
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.random import isolated_rng

PIPELINE = [
    {'type': 'SampleClip', 'clip_len': 4, 'frame_interval': 4, 'target_fps': 25},
    {'type': 'LoadAVClip', 'audio_seconds': 1.0},
    {'type': 'RandomScaleCrop', 'scale': (32, 40), 'size': 32},
    {'type': 'LogMel', 'num_mel_bins': 32, 'target_frames': 96},
]


def run(path, *transforms):
    results = {'video_path': str(path), 'sample_idx': 3, 'source': 'unlabeled', 'gt_for_log': 1}
    for transform in transforms:
        results = TRANSFORMS.build(transform)(results)
    return results


def test_views_of_one_open_file(make_video):
    views = {'type': 'MultiView', 'weak': PIPELINE, 'strong': [*PIPELINE, {'type': 'Flip'}]}
    sample = run(make_video(), {'type': 'OpenAVFile'}, views, {'type': 'PackAVInputs'})
    for name in ('weak', 'strong'):
        view = sample['inputs'][name]
        assert view['video'].shape == (3, 4, 32, 32)
        assert view['video'].dtype == torch.uint8
        assert view['audio'].shape == (96, 32)
    assert sample['data_samples'].source == 'unlabeled'
    assert sample['data_samples'].gt_for_log == 1
    assert 'gt_label' not in sample['data_samples']


def test_order_of_keys_does_not_change_what_is_drawn(make_video):
    """MMEngine sorts the keys in the copy of the config that a run leaves."""
    views = {'weak': PIPELINE, 'strong': PIPELINE, 'b': PIPELINE, 'a': PIPELINE}
    samples = []
    for order in (views, dict(sorted(views.items())), dict(reversed(views.items()))):
        with isolated_rng(7):
            multi = {'type': 'MultiView', **order}
            samples.append(run(make_video(), {'type': 'OpenAVFile'}, multi)['views'])
    for name in views:
        first, *others = (sample[name]['imgs'] for sample in samples)
        assert all(np.array_equal(first, other) for other in others)
    assert not np.array_equal(samples[0]['weak']['imgs'], samples[0]['strong']['imgs'])


def test_test_sample_has_views_with_the_audio_of_their_clip(make_video):
    pipeline = [
        {**PIPELINE[0], 'num_clips': 5, 'mode': 'uniform'},
        PIPELINE[1],
        {'type': 'ThreeCrop', 'scale': 40, 'size': 32},
        PIPELINE[3],
    ]
    sample = run(make_video(), {'type': 'OpenAVFile'}, *pipeline, {'type': 'PackAVInputs'})
    video, audio = sample['inputs']['video'], sample['inputs']['audio']
    assert video.shape == (15, 3, 4, 32, 32)
    assert audio.shape == (15, 96, 32)
    for clip in range(5):
        assert (audio[3 * clip : 3 * clip + 3] == audio[3 * clip]).all()
    assert not torch.equal(audio[0], audio[6])
    assert sample['data_samples'].crop_box.shape == (15, 4)


def test_branches_do_not_disturb_each_other():
    imgs = np.zeros((1, 2, 2, 3), np.uint8)

    class Brighten:
        def __call__(self, results):
            results['imgs'] = results['imgs'] + 1
            return results

    out = MultiView(weak=[Brighten()], strong=[Brighten(), Brighten()])({'imgs': imgs})
    assert out['imgs'].max() == 0
    assert out['views']['weak']['imgs'].max() == 1
    assert out['views']['strong']['imgs'].max() == 2
    assert MultiView(weak=[lambda results: None])({}) is None
    with pytest.raises(ConfigError, match='at least one view'):
        MultiView()


def test_waveform_is_packed_on_demand(make_video):
    for keep in (False, True):
        sample = run(make_video(), {'type': 'OpenAVFile'}, *PIPELINE)
        packed = PackAVInputs(keep_waveform=keep)(sample)
        assert ('waveform' in packed['inputs']) == keep


@pytest.mark.parametrize('name', ['weaks', 'WEAK', 'srtong'])
def test_misspelt_view(name):
    with pytest.raises(ConfigError, match=f'no algorithm asks for a view {name!r}. Did you mean'):
        MultiView(**{name: []})


def test_views_of_ones_own():
    MultiView(weak=[], strong2=[], middle=[])
