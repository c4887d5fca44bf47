import re
from fractions import Fraction

import av
import numpy as np
import pytest

from mmavssl.datasets.transforms.audio_reader import AudioFile, WaveformJoiner
from mmavssl.utils.errors import DataError

EVENT_SECONDS = 1.5
RATE = 16000


def click_time(audio: AudioFile) -> float:
    return audio.start_time + np.argmax(np.abs(audio.waveform) > 0.2) / RATE


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 500 * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(
    ('rate', 'layout', 'codec', 'name'),
    [
        (8000, 'mono', 'aac', 'video.mp4'),
        (16000, 'stereo', 'aac', 'video.mp4'),
        (44100, 'stereo', 'aac', 'video.mkv'),
        (48000, '5.1', 'aac', 'video.mp4'),
        (48000, 'stereo', 'libopus', 'video.mkv'),
        (22050, 'mono', 'pcm_s16le', 'video.mkv'),
    ],
)
def test_click_has_its_time_and_loudness_whatever_the_format(
    make_video, rate, layout, codec, name
):
    path = make_video(name, fps=5, sample_rate=rate, layout=layout, audio_codec=codec)
    audio = AudioFile(str(path))
    assert audio.has_audio
    assert audio.waveform.dtype == np.float32
    assert abs(audio.start_time + len(audio.waveform) / RATE - 3.0) < 0.1
    assert click_time(audio) == pytest.approx(EVENT_SECONDS, abs=0.003)
    loudest = np.abs(audio.waveform).max()
    assert loudest == pytest.approx(0.8, abs=0.06)
    burst = audio.window(EVENT_SECONDS + 0.002, 0.016)
    assert np.sqrt((burst**2).mean()) == pytest.approx(0.8 / np.sqrt(2), rel=0.06)


def test_uncompressed_sound_is_exact(make_video):
    wave = tone(1.0).astype(np.float32)
    path = make_video('v.mkv', fps=5, seconds=1.0, audio_codec='pcm_s16le', wave=wave)
    audio = AudioFile(str(path))
    assert audio.start_time == 0
    assert audio.waveform.shape == (RATE,)
    assert np.abs(audio.waveform - wave).max() < 1e-4


@pytest.mark.parametrize('name', ['video.mp4', 'video.mkv'])
def test_sound_that_begins_later_than_the_picture(make_video, name):
    audio = AudioFile(str(make_video(name, fps=5, delay=0.5)))
    assert audio.start_time == pytest.approx(0.5, abs=0.07)  # the encoder puts 64 ms before it
    assert click_time(audio) == pytest.approx(EVENT_SECONDS, abs=0.003)
    window = audio.window(0.0, 3.0)
    assert not window[: round(0.4 * RATE)].any()
    assert np.argmax(np.abs(window) > 0.2) / RATE == pytest.approx(EVENT_SECONDS, abs=0.003)


def test_window_is_cut_exactly_and_silent_beyond_the_sound(make_video):
    path = make_video('v.mkv', fps=5, seconds=2.0, audio_codec='pcm_s16le', wave=tone(2.0))
    audio = AudioFile(str(path))
    np.testing.assert_array_equal(audio.window(0.25, 0.5), audio.waveform[4000:12000])
    before, after = audio.window(-1.0, 1.25), audio.window(1.9, 0.5)
    assert (before.shape, after.shape) == ((20000,), (8000,))
    assert not before[:RATE].any()
    np.testing.assert_array_equal(before[RATE:], audio.waveform[:4000])
    np.testing.assert_array_equal(after[:1600], audio.waveform[30400:])
    assert not after[1600:].any()
    assert not audio.window(-9.0, 1.0).any()
    assert audio.window(50.0, 0.1).shape == (1600,)


@pytest.mark.parametrize('name', ['video.mp4', 'video.mkv'])
def test_holes_become_silence_and_the_rest_stays_in_place(make_video, name):
    sound = {'audio_codec': 'aac', 'wave': tone(3.0)}
    whole = AudioFile(str(make_video(f'whole_{name}', fps=5, **sound)))
    holed = AudioFile(str(make_video(name, fps=5, holes=range(20, 28), **sound)))
    assert abs(len(holed.waveform) - len(whole.waveform)) <= 2
    first, last = (round((n - 1) * 1024 - whole.start_time * RATE) for n in (20, 28))
    assert not holed.waveform[first + 1100 : last - 100].any()
    for part in (slice(2000, first - 100), slice(last + 2100, 45000)):
        ours, theirs = holed.waveform[part], whole.waveform[part]
        lags = [np.abs(np.roll(ours, lag) - theirs)[5:-5].mean() for lag in (-2, -1, 0, 1, 2)]
        assert min(lags) < 0.01


def test_video_without_sound(make_video):
    audio = AudioFile(str(make_video(seconds=1.0, sample_rate=None)))
    assert not audio.has_audio
    assert audio.start_time == 0
    assert audio.window(0.0, 0.5).tolist() == [0.0] * 8000


def test_sound_file_with_a_cover(cover_mp3):
    audio = AudioFile(str(cover_mp3))
    # What the encoder puts before the sound (69 ms) is cut off, and its time counts.
    assert audio.start_time == pytest.approx(0.069, abs=0.002)
    assert click_time(audio) - audio.start_time == pytest.approx(0.5, abs=0.003)


def frame(time: float | None, samples: np.ndarray, rate: int = RATE) -> av.AudioFrame:
    wave = np.round(samples * 32768).astype(np.int16)[None]
    made = av.AudioFrame.from_ndarray(wave, format='s16', layout='mono')
    made.sample_rate = rate
    if time is not None:
        made.pts, made.time_base = round(time * rate), Fraction(1, rate)
    return made


def joined(*frames: av.AudioFrame) -> tuple[float | None, np.ndarray]:
    joiner = WaveformJoiner()
    for each in frames:
        joiner.add(each)
    waveform = joiner.finish()
    return joiner.start_time, waveform


def level(value: float, count: int) -> np.ndarray:
    return np.full(count, value, np.float32)


def test_joiner_without_frames():
    start_time, waveform = joined()
    assert start_time is None
    assert (waveform.shape, waveform.dtype) == ((0,), np.float32)


def test_joiner_keeps_continuous_frames():
    start_time, waveform = joined(frame(2.0, level(0.25, 1600)), frame(2.1, level(0.5, 800)))
    assert start_time == 2.0
    np.testing.assert_array_equal(waveform, [*level(0.25, 1600), *level(0.5, 800)])


def test_joiner_fills_holes_with_silence():
    _, waveform = joined(frame(0.0, level(0.25, 1600)), frame(0.3, level(0.5, 1600)))
    expected = [*level(0.25, 1600), *level(0, 3200), *level(0.5, 1600)]
    np.testing.assert_array_equal(waveform, expected)


def test_joiner_ignores_what_times_are_rounded_by():
    frames = [frame(n * 0.1 + (-1) ** n * 0.01, level(0.25, 1600)) for n in range(1, 9)]
    _, waveform = joined(*frames)
    np.testing.assert_array_equal(waveform, level(0.25, 12800))


def test_joiner_follows_a_drift():
    """Each frame is 1 % shorter than it says, as sound of a camera whose clock is off."""
    _, waveform = joined(*(frame(n * 0.1, level(0.25, 1584)) for n in range(200)))
    assert abs(len(waveform) - 20 * RATE) < 0.06 * RATE


def test_joiner_lays_overlapping_frames_at_their_times():
    frames = (
        frame(0.0, level(0.25, 8000)), frame(0.4, level(0.5, 8000)), frame(0.9, level(0.75, 1600))
    )  # fmt: skip
    _, waveform = joined(*frames)
    expected = [*level(0.25, 6400), *level(0.5, 8000), *level(0.75, 1600)]
    np.testing.assert_array_equal(waveform, expected)


def test_joiner_with_a_first_frame_that_is_late():
    start_time, waveform = joined(frame(1.0, level(0.25, 1600)), frame(0.5, level(0.5, 8000)))
    assert start_time == 0.5
    np.testing.assert_array_equal(waveform, [*level(0.5, 8000), *level(0.25, 1600)])


def test_joiner_ignores_jumps_that_are_mistakes():
    frames = (
        frame(0.0, level(0.25, 1600)), frame(9000.1, level(0.5, 1600)),
        frame(9000.4, level(0.5, 1600)), frame(0.5, level(0.75, 1600)),
    )  # fmt: skip
    start_time, waveform = joined(*frames)
    assert start_time == 0
    expected = [
        *level(0.25, 1600), *level(0.5, 1600), *level(0, 3200), *level(0.5, 1600),
        *level(0.75, 1600),
    ]  # fmt: skip
    np.testing.assert_array_equal(waveform, expected)


def test_joiner_takes_frames_without_times_as_continuous():
    _, waveform = joined(frame(None, level(0.25, 1600)), frame(None, level(0.5, 1600)))
    np.testing.assert_array_equal(waveform, [*level(0.25, 1600), *level(0.5, 1600)])


@pytest.mark.parametrize('rate', [8000, 44100, 48000])
def test_joiner_keeps_the_end_when_it_resamples(rate):
    parts = (frame(n / 10, level(0.25, rate // 10), rate) for n in range(10))
    _, waveform = joined(*parts)
    assert abs(len(waveform) - RATE) <= 1
    assert np.abs(waveform[100:-100] - 0.25).max() < 1e-3


def test_joiner_allows_another_format_midway():
    parts = (level(0.25, 48000), level(0.5, 16000), level(0.75, 32000))
    rates = (48000, RATE, 32000)
    _, waveform = joined(
        *(frame(n, *part) for n, part in enumerate(zip(parts, rates, strict=True)))
    )
    assert abs(len(waveform) - 3 * RATE) <= 1
    for n, value in enumerate((0.25, 0.5, 0.75)):
        assert np.abs(waveform[n * RATE + 100 : (n + 1) * RATE - 100] - value).max() < 0.01
    assert waveform[RATE - 20 : RATE + 20].min() > 0.2  # nothing is lost at the change


def test_damaged_sound_is_an_error_that_names_the_file(make_video):
    path = make_video('v.mkv', fps=5, seconds=1.0)
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(len(content) - 100))
    with pytest.raises(DataError, match=r'v\.mkv: cannot read sound'):
        AudioFile(str(path))


def test_damage_is_noted(make_video, blank):
    path = make_video(fps=5, seconds=2.0)
    whole = AudioFile(str(path))
    assert whole.faults == []
    blank(path, range(20, 28), kind='audio')
    file = AudioFile(str(path))
    assert file.faults == ['8 packets of its sound (0.51 s) are lost and become silence']
    assert abs(len(file.waveform) - len(whole.waveform)) <= 2
    blank(make_video(fps=5, seconds=2.0), range(3, 30), kind='audio')
    with pytest.raises(DataError, match=r'video\.mp4: 27 of 3\d packets of its sound are missing'):
        AudioFile(str(path))


def test_sound_that_is_cut_off_is_noted(make_video):
    path = make_video(fps=5, seconds=4.0, muxer={'movflags': 'faststart'})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 85 // 100])
    file = AudioFile(str(path))
    ends = re.fullmatch(r'its sound ends after (\d+) of (\d+) packets', file.faults[-1])
    read, promised = map(int, ends.groups())
    assert promised == pytest.approx(4.0 * RATE / 1024, abs=2)
    assert len(file.waveform) == pytest.approx(1024 * read, abs=2048)
    path.write_bytes(content[: len(content) * 3 // 10])
    with pytest.raises(DataError, match=r'packets of its sound are missing or cannot'):
        AudioFile(str(path))
