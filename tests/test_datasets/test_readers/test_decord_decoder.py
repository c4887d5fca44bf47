import numpy as np
import pytest

from mmavssl.datasets.readers import decord_decoder
from mmavssl.datasets.readers.decord_decoder import DecordDecoder, is_whole, starts_afresh
from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.video_file import VideoFile

decord = pytest.importorskip('decord')


def unit(kind: int, size: int = 9) -> bytes:
    return size.to_bytes(4, 'big') + bytes([0x60 | kind]) + bytes(size - 1)


@pytest.mark.parametrize(
    ('codec', 'packet', 'expected'),
    [
        ('h264', unit(6) + unit(5), True),
        ('h264', unit(7) + unit(8) + unit(5), True),
        ('h264', unit(6) + unit(1), False),
        ('h264', unit(6, 5000)[:40], False),
        ('h264', b'', False),
        ('vp9', b'anything', True),
        ('hevc', unit(5), False),
        ('mpeg4', unit(5), False),
    ],
)
def test_key_frames_after_which_nothing_before_is_needed(codec, packet, expected):
    assert starts_afresh(codec, packet) is expected


@pytest.mark.parametrize(
    ('codec', 'packet', 'expected'),
    [
        ('h264', unit(6) + unit(1, 300), True),
        ('h264', b'', True),
        ('h264', unit(1, 300) + bytes(3), False),
        ('h264', unit(1, 300)[:-1], False),
        ('h264', bytes(300), False),
        ('vp9', bytes(300), True),
    ],
)
def test_units_fill_a_packet(codec, packet, expected):
    assert is_whole(codec, packet) is expected


FILES = {
    'reordered.mp4': {'options': {'bf': '3'}},
    'ntsc.mp4': {'fps': 30000 / 1001, 'options': {'bf': '0'}},
    'variable.mkv': {'times': np.cumsum([0.0] + [0.04, 0.1, 0.02] * 15)},
    'vp9.webm': {'codec': 'libvpx-vp9', 'sample_rate': None, 'seconds': 1.0},
}


@pytest.mark.parametrize('name', FILES)
def test_decord_and_pyav_give_the_same_pixels_in_any_order(make_video, numbers_of, name):
    path = str(make_video(name, **FILES[name]))
    by_decord, by_pyav = VideoFile(path, 'decord'), VideoFile(path, 'pyav')
    assert by_decord._decord is not None
    assert by_pyav._decord is None
    rng = np.random.RandomState(0)
    for _ in range(6):
        indices = rng.randint(0, by_pyav.num_frames, 5)
        expected = by_pyav.frames(indices)
        assert numbers_of(expected) == indices.tolist()
        np.testing.assert_array_equal(by_decord.frames(indices), expected)
    assert by_decord._decord is not None


def opened(path, stamps) -> DecordDecoder | None:
    return DecordDecoder.open(MediaFile(str(path), kinds=['video']), FrameClock(stamps, 25))


STAMPS = [i / 25 for i in range(25)]


def test_only_files_that_decord_counts_and_times_alike_are_opened(make_video):
    path = make_video(sample_rate=None, seconds=1.0)
    assert sorted(opened(path, STAMPS).decode([3, 24])) == [3, 24]
    assert opened(path, STAMPS[:-1]) is None
    assert opened(path, [*STAMPS[:20], *(time + 0.04 for time in STAMPS[20:])]) is None
    avi = make_video('video.avi', codec='mpeg4', sample_rate=None, seconds=1.0)
    assert opened(avi, STAMPS) is None


def test_start_of_the_clock_does_not_matter(make_video):
    path = make_video(sample_rate=None, seconds=1.0)
    assert opened(path, [7 + time for time in STAMPS]) is not None


def test_files_that_decord_cannot_open_are_left_to_pyav(make_video, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise decord.DECORDError('cannot open')

    monkeypatch.setattr(decord_decoder.decord, 'VideoReader', refuse)
    with caplog.at_level('DEBUG', logger=decord_decoder.__name__):
        assert opened(make_video(sample_rate=None, seconds=1.0), STAMPS) is None
    assert 'video.mp4: decord: cannot open; PyAV reads it.' in caplog.text


def test_without_decord_nothing_is_opened(make_video, monkeypatch):
    monkeypatch.setattr(decord_decoder, 'decord', None)
    assert opened(make_video(sample_rate=None, seconds=1.0), STAMPS) is None


@pytest.mark.parametrize(
    'error', [decord.DECORDError, decord.DECORDLimitReachedError, RuntimeError]
)
def test_errors_of_decord_are_no_frames(error):
    class Broken:
        def get_batch(self, indices):
            raise error('cannot decode')

    assert DecordDecoder(Broken(), 'video.mp4').decode([0, 1]) is None
