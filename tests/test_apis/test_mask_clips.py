import pytest
import torch

from mmavssl.apis.mask_clips import (
    find_partners,
    one_view_pipeline,
)


@pytest.mark.parametrize(
    ('shown', 'partners'),
    [
        ('', []),
        ('a', [None]),
        ('aa', [None, None]),
        ('abc', [1, 2, 0]),
        ('aab', [2, 2, 0]),
        ('abb', [1, 0, 0]),
    ],
)
def test_partner_is_the_next_clip_that_shows_something_else(shown, partners):
    clips = [{'inputs': {'video': torch.full((1, 3, 2, 4, 4), ord(name))}} for name in shown]
    assert find_partners(clips) == partners


def test_clips_of_long_videos_are_not_decoded_as_a_whole():
    pipeline = [
        dict(type='OpenAVFile', audio='error', cache=1024),
        dict(type='SampleClip', clip_len=8, num_clips=5),
        dict(type='ThreeCrop', size=64),
        dict(type='PackAVInputs'),
    ]
    assert one_view_pipeline(pipeline) == [
        dict(type='OpenAVFile', audio='error'),
        dict(type='SampleClip', clip_len=8, num_clips=1, mode='uniform'),
        dict(type='CenterCrop', size=64),
        dict(type='PackAVInputs', keep_waveform=True),
    ]
    assert pipeline[0]['cache'] == 1024  # the config stays as it is
