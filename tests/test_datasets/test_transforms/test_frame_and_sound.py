import numpy as np
import pytest

from mmavssl.datasets.transforms import LoadFrameAndSound, OpenAVFile, SampleClip
from mmavssl.utils.errors import DataError

RATE = 16000


@pytest.fixture
def load(tmp_path, write_frame, write_sound):
    """Return a function that loads a picture with a sound (S,)."""

    def load(sound, seconds=3.0, **info):
        write_frame(tmp_path / 'a.png')
        write_sound(tmp_path / 'a.wav', samples=sound)
        results = {
            'video_path': str(tmp_path / 'a.png'), 'audio_path': str(tmp_path / 'a.wav'), **info,
        }  # fmt: skip
        for transform in (
            OpenAVFile(), SampleClip(clip_len=1, frame_interval=1, num_clips=2, mode='uniform'),
            LoadFrameAndSound(seconds),
        ):  # fmt: skip
            results = transform(results)
        return results

    return load


def noise(seconds):
    return np.random.default_rng(0).uniform(-0.9, 0.9, round(seconds * RATE))


def test_middle_of_a_long_sound(load):
    sound = noise(10.0)
    results = load(sound)
    assert results['imgs'].shape == (2, 36, 48, 3)
    assert results['waveform'].shape == (2, 48000)
    assert results['waveform'].dtype == np.float32
    for window in results['waveform']:  # the same for both clips
        np.testing.assert_allclose(window, sound[56000:104000], atol=1e-4)


def test_short_sound_is_repeated(load):
    sound = noise(1.25)
    expected = np.concatenate([sound, sound, sound])[:48000]
    np.testing.assert_allclose(load(sound)['waveform'][0], expected, atol=1e-4)


def test_middle_of_the_part_that_the_list_names(load):
    sound = noise(6.0)
    part = load(sound, seconds=1.0, start=0.5, end=3.5)['waveform'][0]
    np.testing.assert_allclose(part, sound[round(1.5 * RATE) : round(2.5 * RATE)], atol=1e-4)
    with pytest.raises(DataError, match=r'a\.wav has no sound from 0\.25 s to 0\.5 s'):
        load(noise(0.2), start=0.25, end=0.5)


def test_sound_of_a_video_is_not_that_of_the_frame(make_video):
    results = OpenAVFile()({'video_path': str(make_video('v.mkv', audio_codec='pcm_s16le'))})
    results = LoadFrameAndSound(1.0)(SampleClip(clip_len=1, frame_interval=1)(results))
    np.testing.assert_array_equal(
        results['waveform'][0], results['audio_file'].waveform[RATE : 2 * RATE]
    )
    assert np.abs(results['waveform']).max() > 0.5  # the click at 1.5 s of 3 s


def test_silent_and_soundless(make_video):
    path = {'video_path': str(make_video(sample_rate=None))}
    sample = SampleClip(clip_len=1, frame_interval=1)
    silent = LoadFrameAndSound()(sample(OpenAVFile(audio='silence')(dict(path))))
    assert silent['waveform'].shape == (1, 48000)
    assert not silent['waveform'].any()
    assert 'waveform' not in LoadFrameAndSound()(sample(OpenAVFile(audio=None)(dict(path))))


def test_bad_length():
    with pytest.raises(ValueError, match='`audio_seconds` to be positive, but got 0'):
        LoadFrameAndSound(0)
