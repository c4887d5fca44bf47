import numpy as np
import pytest
import torch

from mmavssl.datasets.transforms import (
    LoadFrameAndSound,
    LogMel,
    LogSpectrogram,
    OpenAVFile,
    SampleClip,
)
from mmavssl.datasets.transforms.log_spectrogram import log_density
from mmavssl.utils.errors import ConfigError, DataError

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


@pytest.mark.parametrize('rate', [22050, 44100])
def test_sample_rate_of_the_file(tmp_path, write_frame, write_sound, rate):
    """At its own rate a sound comes as it is in the file, and its spectrogram is of that rate."""
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, 5 * rate)
    write_frame(tmp_path / 'a.jpg')
    write_sound(tmp_path / 'a.wav', samples=sound, rate=rate)
    results = {'video_path': str(tmp_path / 'a.jpg'), 'audio_path': str(tmp_path / 'a.wav')}
    results.update(start=None, end=4.0)
    for transform in (
        OpenAVFile(sample_rate=rate), SampleClip(clip_len=1, frame_interval=1),
        LoadFrameAndSound(2.0), LogSpectrogram(2.0),
    ):  # fmt: skip
        results = transform(results)
    assert results['waveform'].shape == (1, 2 * rate)
    np.testing.assert_allclose(results['waveform'][0], sound[rate : 3 * rate], atol=1e-4)
    expected = log_density(torch.from_numpy(results['waveform']), rate).float()
    assert torch.equal(results['spectrogram'], expected)
    with pytest.raises(ConfigError, match=f'16000 Hz, but OpenAVFile has `sample_rate`={rate}'):
        LogMel()(results)


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
