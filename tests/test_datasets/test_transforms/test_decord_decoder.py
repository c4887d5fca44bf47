import numpy as np
import pytest

from mmavssl.datasets.transforms import decord_decoder
from mmavssl.datasets.transforms.decord_decoder import (
    is_whole,
    open_exact,
    read_frames,
    starts_afresh,
)
from mmavssl.datasets.transforms.frame_clock import FrameClock
from mmavssl.datasets.transforms.video_reader import VideoFile

decord = pytest.importorskip('decord')
MP4 = 'mov,mp4,m4a,3gp,3g2,mj2'


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
    by_decord, by_pyav = VideoFile(path), VideoFile(path)
    assert by_decord._decord is not None
    by_pyav._decord = None
    rng = np.random.RandomState(0)
    for _ in range(6):
        indices = rng.randint(0, by_pyav.num_frames, 5)
        expected = by_pyav.frames(indices)
        assert numbers_of(expected) == indices.tolist()
        np.testing.assert_array_equal(by_decord.frames(indices), expected)
    assert by_decord._decord is not None


def test_only_files_that_decord_counts_and_times_alike_are_opened(make_video):
    path = str(make_video(sample_rate=None, seconds=1.0))
    stamps = [i / 25 for i in range(25)]
    assert len(open_exact(path, MP4, FrameClock(stamps, 25))) == 25
    assert open_exact(path, MP4, FrameClock(stamps[:-1], 25)) is None
    late = [*stamps[:20], *(time + 0.04 for time in stamps[20:])]
    assert open_exact(path, MP4, FrameClock(late, 25)) is None
    assert open_exact(path, 'avi', FrameClock(stamps, 25)) is None


def test_start_of_the_clock_does_not_matter(make_video):
    path = str(make_video(sample_rate=None, seconds=1.0))
    assert open_exact(path, MP4, FrameClock([7 + i / 25 for i in range(25)], 25)) is not None


def test_files_that_decord_cannot_open_are_left_to_pyav(tmp_path, caplog):
    (tmp_path / 'text.mp4').write_text('not a video' * 100)
    with caplog.at_level('DEBUG', logger=decord_decoder.__name__):
        assert open_exact(str(tmp_path / 'text.mp4'), MP4, FrameClock([0.0], 25)) is None
    assert 'text.mp4: decord: ' in caplog.text


def test_without_decord_nothing_is_opened(make_video, monkeypatch):
    monkeypatch.setattr(decord_decoder, 'decord', None)
    path = str(make_video(sample_rate=None, seconds=1.0))
    assert open_exact(path, MP4, FrameClock([i / 25 for i in range(25)], 25)) is None


@pytest.mark.parametrize(
    'error', [decord.DECORDError, decord.DECORDLimitReachedError, RuntimeError]
)
def test_errors_of_decord_are_no_frames(error):
    class Broken:
        def get_batch(self, indices):
            raise error('cannot decode')

    assert read_frames(Broken(), 'video.mp4', np.array([0, 1])) is None
