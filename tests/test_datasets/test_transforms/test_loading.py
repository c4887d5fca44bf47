import numpy as np
import pytest

from mmavssl.datasets.transforms import LoadAVClip, OpenAVFile, SampleClip
from mmavssl.datasets.transforms.media import AudioFile, VideoFile
from mmavssl.utils.errors import DataError

EVENT_SECONDS = 1.5


def open_file(path, **kwargs):
    return OpenAVFile(**kwargs)({'video_path': str(path)})


@pytest.mark.parametrize('fps', [15, 25, 30])
@pytest.mark.parametrize(
    ('sample_rate', 'layout'), [(8000, 'mono'), (16000, 'stereo'), (48000, 'mono')]
)
def test_flash_and_click_agree(make_video, fps, sample_rate, layout):
    path = make_video(fps=fps, sample_rate=sample_rate, layout=layout)
    results = open_file(path)
    video = results['video_file']
    brightness = video.frames(np.arange(video.num_frames)).mean(axis=(1, 2, 3))
    flash = video.start_time + brightness.argmax() / video.fps
    for start in (0.0, 0.7, 1.2):
        window = results['audio_file'].window(start, 1.6)
        click = start + np.argmax(np.abs(window) > 0.2) / 16000
        assert abs(click - EVENT_SECONDS) < 0.01
        assert abs(click - flash) <= 1 / fps


def test_window_beyond_the_sound_is_silent(make_video):
    audio = AudioFile(str(make_video(seconds=2.0)))
    before, after = audio.window(-1.0, 1.0), audio.window(5.0, 0.5)
    assert before.shape == (16000,)
    assert after.shape == (8000,)
    assert not before.any()
    assert not after.any()


def test_clip_and_sound_share_their_centre(make_video):
    path = make_video()
    results = {'video_path': str(path)}
    clip = SampleClip(clip_len=4, frame_interval=6, num_clips=3, mode='uniform', target_fps=None)
    for transform in (OpenAVFile(), clip, LoadAVClip(audio_seconds=1.5)):
        results = transform(results)
    assert results['imgs'].shape == (12, 48, 64, 3)
    assert results['imgs'].dtype == np.uint8
    assert results['waveform'].shape == (3, 24000)
    for (start, end), window in zip(results['clip_times'], results['waveform'], strict=True):
        first = (start + end) / 2 - 0.75
        np.testing.assert_array_equal(window, results['audio_file'].window(first, 1.5))


def test_cache_gives_the_same_frames_and_opens_once(make_video, monkeypatch):
    path = make_video()
    cached = OpenAVFile(cache=2)
    first = cached({'video_path': str(path)})
    second = cached({'video_path': str(path)})
    assert first['video_file'] is second['video_file']
    indices = np.array([3, 40, 7])
    plain = open_file(path)['video_file'].frames(indices)
    np.testing.assert_array_equal(first['video_file'].frames(indices), plain)


def test_video_without_sound_follows_the_policy(make_video):
    path = make_video(sample_rate=None)
    with pytest.raises(DataError, match=r"video\.mp4 has no sound.*audio='silence'"):
        open_file(path)
    assert open_file(path, audio='skip') is None
    silent = open_file(path, audio='silence')
    assert silent['has_audio'] is False
    silent = LoadAVClip(audio_seconds=1.0)(SampleClip(clip_len=2, frame_interval=2)(silent))
    assert silent['waveform'].shape == (1, 16000)
    assert not silent['waveform'].any()
    assert 'has_audio' not in open_file(path, audio=None)
    with pytest.raises(ValueError, match='audio'):
        OpenAVFile(audio='ignore')


@pytest.mark.parametrize(
    ('content', 'message'),
    [(None, 'does not exist'), (b'', 'empty'), (b'not a video\n' * 50, 'cannot read video')],
)
def test_bad_file_is_an_error_that_names_it(tmp_path, content, message):
    path = tmp_path / 'bad.mp4'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf'bad\.mp4.*{message}'):
        open_file(path)


def test_truncated_file_is_an_error_that_names_it(make_video, tmp_path):
    content = make_video().read_bytes()
    (tmp_path / 'cut.mp4').write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r'cut\.mp4'):
        open_file(tmp_path / 'cut.mp4')


def test_video_file_knows_its_rate_and_length(make_video):
    video = VideoFile(str(make_video(fps=30, seconds=2.0)))
    assert video.num_frames == 60
    assert video.fps == pytest.approx(30)
