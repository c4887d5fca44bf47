import re

import av
import numpy as np
import pytest

from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.utils.errors import DataError
from mmavssl.visualization.movie import write_movie

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


@pytest.mark.parametrize('rate', [8000, 22050, 44100, 48000])
def test_sample_rate(make_video, rate):
    """Sound keeps its time, and a window is a part of the whole, at any rate."""
    path = str(make_video(fps=5, sample_rate=44100, layout='stereo', delay=0.5))
    whole = AudioFile(path, rate)
    assert abs(whole.start_time + len(whole.waveform) / rate - 3.0) < 0.1
    first = np.argmax(np.abs(whole.waveform) > 0.2)
    assert whole.start_time + first / rate == pytest.approx(EVENT_SECONDS, abs=0.003)
    window = AudioFile(path, rate).window(1.2, 0.8)
    assert window.shape == (round(0.8 * rate),)
    begin = round(1.2 * rate) - round(whole.start_time * rate)
    np.testing.assert_allclose(window, whole.waveform[begin:][: len(window)], atol=1e-4)


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


def test_damaged_sound_is_an_error_that_names_the_file(make_video):
    path = make_video('v.mkv', fps=5, seconds=1.0)
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(len(content) - 100))
    with pytest.raises(DataError, match=r'v\.mkv: cannot read sound'):
        AudioFile(str(path)).decode_all()


def test_damage_is_noted(make_video, blank):
    path = make_video(fps=5, seconds=2.0)
    whole = AudioFile(str(path))
    length = len(whole.waveform)
    assert whole.faults == []
    blank(path, range(20, 28), kind='audio')
    file = AudioFile(str(path))
    file.window(0.0, 1.0)
    assert file.faults == []
    file.window(1.0, 1.0)
    assert file.faults == ['8 packets of its sound (0.51 s) are lost and become silence']
    assert abs(len(file.waveform) - length) <= 2
    blank(make_video(fps=5, seconds=2.0), range(3, 30), kind='audio')
    with pytest.raises(DataError, match=r'video\.mp4: 27 of 3\d packets of its sound are missing'):
        AudioFile(str(path)).decode_all()
    with pytest.raises(DataError, match=r'\d+ of \d+ packets of its sound are missing'):
        AudioFile(str(path)).window(0.5, 1.0)


# name: (how it is made, greatest shift in samples of 16 kHz: Matroska rounds times to 1 ms)
FORMATS = {
    'aac.mp4': ({'sample_rate': 44100, 'layout': 'stereo'}, 0),
    'aac_22.mp4': ({'sample_rate': 22050}, 0),
    'later.mp4': ({'delay': 0.63}, 0),
    'opus.mp4': ({'audio_codec': 'libopus', 'sample_rate': 48000}, 0),
    'mp3.mp4': ({'audio_codec': 'libmp3lame', 'sample_rate': 44100}, 0),
    'mp3.avi': ({'codec': 'mpeg4', 'audio_codec': 'libmp3lame', 'sample_rate': 44100}, 0),
    'mp2.mpg': ({'codec': 'mpeg1video', 'audio_codec': 'mp2', 'sample_rate': 44100}, 0),
    'ac3.mkv': ({'audio_codec': 'ac3', 'sample_rate': 48000, 'layout': '5.1'}, 9),
    'aac.mkv': ({'sample_rate': 44100}, 9),
    'opus.mkv': ({'audio_codec': 'libopus', 'sample_rate': 48000}, 17),
    'broadcast.ts': ({'sample_rate': 44100}, 0),
}  # fmt: skip


@pytest.mark.parametrize('name', FORMATS)
def test_window_that_is_decoded_alone_is_that_of_the_whole(make_video, name):
    made, max_shift = FORMATS[name]
    times = np.arange(6 * made.get('sample_rate', RATE)) / made.get('sample_rate', RATE)
    chirp = 0.5 * np.sin(2 * np.pi * (300 * times + 60 * times**2))
    path = str(make_video(name, seconds=6.0, wave=chirp, **made))
    whole = AudioFile(path)
    whole.decode_all()
    starts = [5.3, -0.4, 0.0, 0.777, 3.2, 2.5]
    together = AudioFile(path).windows(starts, 1.0)
    for start, window in zip(starts, together, strict=True):
        expected = whole.window(start, 1.0)[20:-20]
        assert np.abs(expected).max() > 0.1 or start < 0
        for ours in (window, AudioFile(path).window(start, 1.0)):
            shifts = range(-max_shift, max_shift + 1)
            error = min(np.abs(np.roll(ours, n)[20:-20] - expected).max() for n in shifts)
            # Between two samples a shift is not seen: 0.2 rad of the chirp's highest pitch.
            assert error < (0.25 if max_shift else 0.01)


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


def test_check_sums_of_flac_are_compared(make_video):
    path = make_video('video.mkv', audio_codec='flac', wave=np.sin(np.arange(48000) / 9) / 2)
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(container.streams.best('audio')) if p.size]
        data = bytes(packets[3])
    content = bytearray(path.read_bytes())
    content[content.index(data) + len(data) // 2] ^= 4
    path.write_bytes(content)
    file = AudioFile(str(path))
    _ = file.waveform
    assert len(file.faults) == 1
    assert file.faults[0].startswith('1 packets of its sound')


def test_a_track_of_priming_alone_is_no_sound(tmp_path):
    """As of a clip that was cut to nothing: one packet, of which no sample is played."""
    whole, cut = tmp_path / 'whole.mp4', tmp_path / 'cut.mp4'
    pictures = [np.zeros((32, 48, 3), np.uint8)] * 2
    write_movie(whole, pictures, [0.5, 0.5], (32, 48), np.full(16000, 0.1, np.float32))
    with av.open(str(whole)) as source, av.open(str(cut), 'w') as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        kept = 0
        for packet in source.demux():
            kept += packet.stream.type == 'audio'
            if packet.dts is not None and (packet.stream.type == 'video' or kept == 1):
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    assert AudioFile(str(whole)).has_audio
    with av.open(str(cut)) as file:
        assert file.streams.audio[0].frames == 1
    audio = AudioFile(str(cut))
    assert (audio.has_audio, len(audio.waveform)) == (False, 0)
