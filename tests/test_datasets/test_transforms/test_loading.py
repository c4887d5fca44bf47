import pickle
from itertools import pairwise

import numpy as np
import pytest

from mmavssl.datasets.readers.video_file import DecodedVideo
from mmavssl.datasets.transforms import LoadAVClip, OpenAVFile, SampleClip
from mmavssl.utils.errors import DataError

EVENT_SECONDS = 1.5
RATE = 16000


def open_file(path, **kwargs):
    return OpenAVFile(**kwargs)({'video_path': str(path)})


def clip_of(results, seconds=None, **sampling):
    sampling = {'clip_len': 4, 'frame_interval': 6, 'mode': 'uniform', **sampling}
    return LoadAVClip(audio_seconds=seconds)(SampleClip(**sampling)(results))


def moments_of_event(path, numbers_of, fps):
    """Return when the click is heard and when the frame that belongs to it is shown."""
    results = open_file(path)
    video = results['video_file']
    frames = numbers_of(video.frames(np.arange(video.num_frames)))
    flash = video.clock.times[frames.index(round(EVENT_SECONDS * fps))]
    clips = clip_of(results, seconds=1.6, num_clips=5)
    clicks = []
    for (begin, end), window in zip(clips['clip_times'], clips['waveform'], strict=True):
        first = (begin + end - 1.6) / 2
        loud = np.abs(window) > 0.2
        if first + 0.1 < EVENT_SECONDS < first + 1.5:
            clicks.append(first + loud.argmax() / RATE)
    assert len(clicks) >= 2
    assert max(clicks) - min(clicks) < 2 / RATE
    return clicks[0], flash


@pytest.mark.parametrize('fps', [16, 25, 30, 60000 / 1001])
@pytest.mark.parametrize(
    ('sample_rate', 'layout'), [(8000, 'mono'), (44100, 'stereo'), (48000, '5.1')]
)
def test_flash_and_click_agree(make_video, numbers_of, fps, sample_rate, layout):
    path = make_video(fps=fps, sample_rate=sample_rate, layout=layout)
    click, flash = moments_of_event(path, numbers_of, fps)
    assert flash == pytest.approx(round(EVENT_SECONDS * fps) / fps, abs=1e-6)
    assert click == pytest.approx(EVENT_SECONDS, abs=0.002)


OTHERS = {
    'sound_later.mp4': ({'delay': 0.6}, 0.002),
    'sound_later.mkv': ({'delay': 0.6}, 0.002),
    'opus.mkv': ({'audio_codec': 'libopus', 'sample_rate': 48000}, 0.002),
    'variable.mkv': ({'times': np.cumsum([0.0] + [0.02, 0.06] * 36)}, 0.002),
    'broadcast.ts': ({}, 0.002),
    'vcd.mpg': ({'codec': 'mpeg1video', 'audio_codec': 'mp2', 'sample_rate': 44100}, 0.002),
    # AVI has no place for what an MP3 encoder puts before the sound: 69 ms at 16 kHz.
    'xvid.avi': ({'codec': 'mpeg4', 'options': {'bf': '2'}, 'audio_codec': 'libmp3lame'}, 0.075),
}  # fmt: skip


@pytest.mark.parametrize('name', OTHERS)
def test_flash_and_click_agree_in_other_formats(make_video, numbers_of, name):
    made, tolerance = OTHERS[name]
    click, flash = moments_of_event(make_video(name, **made), numbers_of, 25)
    times = made.get('times', np.arange(75) / 25)
    expected = times[round(EVENT_SECONDS * 25)]
    assert flash == pytest.approx(expected, abs=1e-3)
    assert click == pytest.approx(EVENT_SECONDS, abs=tolerance)


def test_flash_and_click_agree_after_an_edit_list(make_video, cut, numbers_of):
    path = make_video()
    cut(path, 0.4)
    results = open_file(path)
    video = results['video_file']
    assert numbers_of(video.frames(np.array([0, 27]))) == [10, 37]
    window = clip_of(results, seconds=2.0)['waveform'][0]
    begin, end = results['clip_times'][0]
    click = (begin + end) / 2 - 1 + np.argmax(np.abs(window) > 0.2) / RATE
    assert click == pytest.approx(EVENT_SECONDS - 0.4, abs=0.005)


def test_clip_and_sound_share_their_centre(make_video, numbers_of):
    results = open_file(make_video())
    clip = clip_of(results, seconds=1.5, num_clips=3, target_fps=None)
    assert numbers_of(clip['imgs']) == clip['frame_inds'].ravel().tolist()
    assert clip['imgs'].shape == (12, 48, 64, 3)
    assert clip['imgs'].dtype == np.uint8
    assert clip['waveform'].shape == (3, 24000)
    assert clip['waveform'].dtype == np.float32
    for (begin, end), window in zip(clip['clip_times'], clip['waveform'], strict=True):
        first = (begin + end) / 2 - 0.75
        np.testing.assert_array_equal(window, clip['audio_file'].window(first, 1.5))


def test_sound_is_as_long_as_the_clip_unless_told(make_video):
    clip = clip_of(open_file(make_video()), num_clips=2, target_fps=25)
    assert clip['waveform'].shape == (2, round(0.96 * RATE))
    begin = clip['clip_times'][1, 0]
    np.testing.assert_array_equal(clip['waveform'][1], clip['audio_file'].window(begin, 0.96))


@pytest.mark.parametrize('cache', [0, 2])
def test_sample_rate(make_video, cache):
    path = make_video(fps=25, sample_rate=44100, audio_codec='pcm_s16le', name='v.mkv')
    results = open_file(path, sample_rate=22050, cache=cache)
    results = clip_of(results, seconds=1.0, clip_len=2, frame_interval=4)
    assert results['sample_rate'] == 22050
    assert results['waveform'].shape == (1, 22050)
    begin = results['clip_times'][0].mean() - 0.5
    results = LoadAVClip(1.0)({**results, 'end': begin + 0.25})
    assert not results['waveform'][0, round(0.25 * 22050) + 1 :].any()
    with pytest.raises(ValueError, match='`sample_rate` to be at least 1, but got 0'):
        OpenAVFile(sample_rate=0)


def test_sound_beyond_the_named_part_is_silent(make_video):
    wave = 0.5 * np.sin(2 * np.pi * 500 * np.arange(3 * RATE) / RATE)
    path = make_video('v.mkv', audio_codec='pcm_s16le', wave=wave)
    results = {**open_file(path), 'start': 1.0, 'end': 1.5}
    clip = clip_of(results, seconds=2.0, clip_len=2, frame_interval=3)
    (begin, end), window = clip['clip_times'][0], clip['waveform'][0]
    times = (begin + end) / 2 - 1 + np.arange(2 * RATE) / RATE
    inside = (times >= 1.0) & (times < 1.5)
    assert inside.sum() == RATE // 2
    assert not window[~inside].any()
    whole = clip['audio_file'].window((begin + end) / 2 - 1, 2.0)
    np.testing.assert_array_equal(window[inside], whole[inside])
    assert np.abs(whole[~inside]).max() > 0.4


def test_sound_file_of_its_own_begins_with_the_picture(make_video):
    video = make_video('v.mkv', sample_rate=None)
    sound = make_video('sound.mkv', fps=5, delay=0.5, audio_codec='pcm_s16le')
    results = OpenAVFile()({'video_path': str(video), 'audio_path': str(sound)})
    assert results['audio_origin'] == results['audio_file'].start_time == 0.5
    clip = clip_of(results, seconds=2.0)
    begin, end = clip['clip_times'][0]
    click = (begin + end) / 2 - 1 + np.argmax(np.abs(clip['waveform'][0]) > 0.2) / RATE
    assert click == pytest.approx(EVENT_SECONDS - 0.5, abs=0.002)


def test_video_without_sound_follows_the_policy(make_video):
    path = make_video(sample_rate=None)
    with pytest.raises(DataError, match=r"video\.mp4 has no sound.*audio='silence'"):
        open_file(path)
    assert open_file(path, audio='skip') is None
    silent = open_file(path, audio='silence')
    assert silent['has_audio'] is False
    silent = clip_of(silent, seconds=1.0, num_clips=2)
    assert silent['waveform'].shape == (2, RATE)
    assert silent['waveform'].dtype == np.float32
    assert not silent['waveform'].any()


def test_sound_is_not_touched_on_demand(make_video):
    results = clip_of(open_file(make_video(), audio=None))
    assert not {'has_audio', 'audio_file', 'waveform'} & set(results)
    assert results['imgs'].shape == (4, 48, 64, 3)


def test_audio_of_a_video_with_sound_is_used_under_every_policy(make_video):
    path = make_video()
    for policy in ('error', 'silence', 'skip'):
        results = clip_of(open_file(path, audio=policy), seconds=2.9)
        assert results['has_audio'] is True
        assert np.abs(results['waveform']).max() > 0.5


def test_cache_decodes_once_and_gives_the_same(make_video):
    first_path, second_path, third_path = (make_video(f'{n}.mp4', seconds=1.0) for n in 'abc')
    cached = OpenAVFile(cache=2)
    opened = [
        cached({'video_path': str(path)})
        for path in (first_path, second_path, first_path, third_path, first_path, second_path)
    ]
    files = [results['video_file'] for results in opened]
    assert all(isinstance(file, DecodedVideo) for file in files)
    assert files[0] is files[2] is files[4]
    assert opened[0]['audio_file'] is opened[2]['audio_file']
    assert files[1] is not files[5]  # the third file has pushed it out
    indices = np.array([3, 24, 7])
    plain = open_file(first_path)
    np.testing.assert_array_equal(files[0].frames(indices), plain['video_file'].frames(indices))
    both = (dict(opened[0]), dict(plain))
    clips = [clip_of(results, seconds=0.5, num_clips=2) for results in both]
    for key in ('imgs', 'waveform'):
        np.testing.assert_array_equal(clips[0][key], clips[1][key])
    np.testing.assert_array_equal(opened[0]['audio_file'].waveform, plain['audio_file'].waveform)


@pytest.mark.parametrize('cache', [0, 2])
def test_pickling_keeps_the_settings_and_no_file(make_video, cache):
    path = {'video_path': str(make_video(seconds=1.0))}
    transform = OpenAVFile(audio='silence', cache=cache)
    opened = transform(dict(path))['video_file']
    copied = pickle.loads(pickle.dumps(transform))
    assert (copied.audio, copied.cache) == ('silence', cache)
    again = copied(dict(path))['video_file']
    assert again is not opened
    assert (copied(dict(path))['video_file'] is again) == bool(cache)
    np.testing.assert_array_equal(again.frames(np.array([7])), opened.frames(np.array([7])))
    pipeline = [copied, SampleClip(), LoadAVClip(audio_seconds=1.0)]
    results = path
    for each in pickle.loads(pickle.dumps(pipeline)):
        results = each(results)
    assert results['waveform'].shape == (1, RATE)


@pytest.mark.parametrize(
    ('content', 'message'),
    [(None, 'does not exist'), (b'', 'empty'), (b'not a video\n' * 50, 'cannot read video')],
)
def test_bad_file_is_an_error_that_names_it(tmp_path, content, message):
    path = tmp_path / 'bad.mp4'
    if content is not None:
        path.write_bytes(content)
    for cache in (0, 1):
        with pytest.raises(DataError, match=rf'bad\.mp4.*{message}'):
            open_file(path, cache=cache)


def test_bad_sound_file_is_named(make_video, tmp_path):
    with pytest.raises(DataError, match=r'sound\.wav does not exist'):
        OpenAVFile()({
            'video_path': str(make_video(seconds=1.0)), 'audio_path': str(tmp_path / 'sound.wav')
        })  # fmt: skip


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`audio` to be one of .*, but got 'ignore'"):
        OpenAVFile(audio='ignore')
    with pytest.raises(ValueError, match='`cache` to be at least 0, but got -1'):
        OpenAVFile(cache=-1)
    with pytest.raises(ValueError, match='`audio_seconds` to be positive, but got 0'):
        LoadAVClip(audio_seconds=0)


def test_clips_of_a_file_in_turn_do_not_disturb_each_other(make_video, numbers_of):
    results = open_file(make_video())
    for first, second in pairwise((60, 0, 30, 29, 74)):
        frames = results['video_file'].frames(np.array([first, second]))
        assert numbers_of(frames) == [first, second]
