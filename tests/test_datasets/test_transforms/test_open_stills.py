"""`OpenAVFile` on pictures with a sound file of their own."""

import numpy as np
import pytest

from mmavssl.datasets.transforms import OpenAVFile, SampleClip
from mmavssl.utils.errors import DataError


@pytest.fixture
def info(tmp_path, write_frame, write_sound):
    """What enters the pipeline for a folder of four pictures with a sound."""
    for number in range(4):
        write_frame(tmp_path / f'frames/a/{number}.png', seed=number)
    write_sound(tmp_path / 'audio/a.wav', seconds=2.0)
    return {
        'video_path': str(tmp_path / 'frames/a'), 'audio_path': str(tmp_path / 'audio/a.wav'),
    }  # fmt: skip


def test_pictures_and_sound(info):
    results = OpenAVFile()(dict(info))
    assert results['video_file'].num_frames == 4
    assert results['has_audio'] is True
    assert len(results['audio_file'].waveform) == 32000
    assert results['audio_origin'] == 0.0
    assert 'has_audio' not in OpenAVFile(audio=None)(dict(info))


def test_random_picture(info):
    np.random.seed(0)
    results = OpenAVFile()(dict(info))
    sample = SampleClip(clip_len=1, frame_interval=1)
    drawn = [int(sample(dict(results))['frame_inds'][0, 0]) for _ in range(400)]
    assert np.bincount(drawn, minlength=4).min() > 70
    middle = SampleClip(clip_len=1, frame_interval=1, mode='uniform')(dict(results))
    assert middle['frame_inds'].tolist() == [[1]]


def test_cache_decodes_once(info):
    cached = OpenAVFile(cache=1)
    first = cached(dict(info))['video_file'].frames(np.array([2]))
    again = cached(dict(info))
    (stills := again['video_file']).files.clear()  # nothing is read any more
    np.testing.assert_array_equal(stills.frames(np.array([2])), first)
    assert len(again['audio_file'].waveform) == 32000


def test_sound_has_to_be_named(info):
    info['audio_path'] = None
    with pytest.raises(DataError, match=r'frames/a is not a video, and no sound .* Name a video'):
        OpenAVFile(audio='silence')(info)


def test_missing_sound(info):
    info['audio_path'] += '.absent'
    with pytest.raises(DataError, match=r'a\.wav\.absent does not exist'):
        OpenAVFile()(info)
