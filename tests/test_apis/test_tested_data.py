import pytest
from mmengine.config import Config

from mmavssl.apis.inference_config import test_pipeline
from mmavssl.apis.tested_data import first_test_data, is_step, one_view_pipeline
from mmavssl.apis.whole_videos import whole_video_pipeline
from mmavssl.datasets.transforms import MultiView, OpenAVFile, SampleClip, ThreeCrop
from mmavssl.utils.errors import ConfigError

STEPS = [
    dict(type='OpenAVFile', cache=9),
    dict(type='SampleClip', clip_len=4, num_clips=5, mode='segments'),
    dict(type='LoadAVClip'),
    dict(type='ThreeCrop', size=64),
    dict(type='PackAVInputs'),
]


class OwnClip(SampleClip):
    """As a plugin derives it."""


def written(kind):
    """Return the steps, named in other ways that build the same."""
    if kind == 'scoped':
        return [{**step, 'type': f'mmavssl.{step["type"]}'} for step in STEPS]
    steps = [dict(step) for step in STEPS]
    steps[0]['type'], steps[1]['type'], steps[3]['type'] = OpenAVFile, OwnClip, ThreeCrop
    return steps


@pytest.mark.parametrize('kind', ['scoped', 'classes'])
def test_one_view_however_transforms_are_named(kind):
    steps = written(kind)
    cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=steps))))
    one = test_pipeline(cfg, 'fast')
    assert 'cache' not in one[0]
    assert (one[1]['num_clips'], one[1]['mode'], one[3]['type']) == (1, 'uniform', 'CenterCrop')
    assert one[1]['type'] == steps[1]['type']
    assert one[4]['keep_waveform'] is True
    assert steps == written(kind)


@pytest.mark.parametrize('kind', ['scoped', 'classes'])
def test_whole_videos_however_transforms_are_named(kind):
    pipeline = [*written(kind)[:1], dict(type=MultiView, strong=written(kind)[1:3])]
    opened, sampled, loading, _ = whole_video_pipeline(pipeline, 16, 100)
    assert 'cache' not in opened
    assert (sampled['num_clips'], sampled['mode']) == (16, 'uniform')
    assert loading['audio_seconds'] > 0


def test_unknown_transform():
    with pytest.raises(ConfigError, match=r"'OpenFile' is not a transform.* 'OpenAVFile'"):
        is_step(dict(type='OpenFile'), OpenAVFile)


def test_data_within_wrappers():
    wrapped = dict(type='RepeatDataset', times=2, dataset=dict(pipeline=STEPS))
    cfg = Config(dict(test_dataloader=dict(dataset=wrapped)))
    assert one_view_pipeline(first_test_data(cfg)['pipeline'])[1]['num_clips'] == 1
    assert first_test_data({}) == {}
