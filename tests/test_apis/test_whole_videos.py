import pytest
from mmengine.config import Config

from mmavssl.apis.whole_videos import whole_video_pipeline
from mmavssl.utils.errors import ConfigError

OPENED = dict(type='OpenAVFile', audio='silence', backend='decord', cache=9)
SAMPLED = dict(type='SampleClip', clip_len=8, frame_interval=6, target_fps=24)
STRONG = [
    SAMPLED,
    dict(type='LoadAVClip', audio_seconds=1.5),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='LogMel', num_mel_bins=64),
    dict(type='SpecAugment', keep_clean=True),
]
WEAK = [dict(type='SampleClip', clip_len=3), dict(type='LogMel', num_mel_bins=7)]


def pipeline_of(strong):
    return [OPENED, dict(type='MultiView', weak=WEAK, strong=strong), dict(type='PackAVInputs')]


def test_whole_frames_and_what_the_strong_view_hears():
    given = pipeline_of(STRONG)
    pipeline = whole_video_pipeline(Config(dict(p=given)).p, num_maps=16, short_side=100)
    assert pipeline == [
        dict(type='OpenAVFile', audio='silence', backend='decord'),
        dict(
            type='SampleClip', clip_len=1, frame_interval=6, target_fps=24, num_clips=16,
            mode='uniform',
        ),
        dict(type='LoadAVClip', audio_seconds=1.5),
        dict(type='WholeFrame', short_side=100),
        dict(type='LogMel', num_mel_bins=64),
    ]  # fmt: skip
    assert given == pipeline_of(STRONG)


def test_sound_as_long_as_the_clip_stays_so():
    strong = [SAMPLED, dict(type='LoadAVClip'), dict(type='LogMel')]
    pipeline = whole_video_pipeline(pipeline_of(strong), 16, 100)
    assert pipeline[2]['audio_seconds'] == 8 * 6 / 24
    strong[0] = {**SAMPLED, 'target_fps': None}
    with pytest.raises(ConfigError, match='Set `audio_seconds` of LoadAVClip'):
        whole_video_pipeline(pipeline_of(strong), 16, 100)


def test_pipelines_of_another_kind_are_refused():
    with pytest.raises(ConfigError, match='Expected OpenAVFile, SampleClip and LoadAVClip'):
        whole_video_pipeline(pipeline_of(STRONG[:1]), 16, 100)
