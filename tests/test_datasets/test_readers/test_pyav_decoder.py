"""Frames in one pass, beside those that are asked for one by one."""

import cv2
import numpy as np
import pytest

from mmavssl.datasets.readers.video_file import DecodedVideo, VideoFile
from tests.reliability.giant_headers import VP8_KEY, vp8_with_size
from tests.test_datasets.test_readers.test_video_file import FILES

ONE_KEY = {'bf': '0', 'sc_threshold': '0', 'g': '100'}


def as_it_is(height, width):
    return height, width


def one_by_one(path, numbers):
    video = VideoFile(str(path))
    return [video.frames(np.array([number]))[0] for number in numbers]


@pytest.mark.parametrize('name', FILES)
def test_one_pass_gives_the_same_frames(make_video, name):
    path = make_video(name, **FILES[name][0])
    video = VideoFile(str(path))
    for shown in (range(video.num_frames), range(7, 20)):
        played = list(video.play(shown, as_it_is))
        np.testing.assert_array_equal(played, one_by_one(path, shown))


def test_file_that_is_not_kept_in_memory(make_video, monkeypatch):
    monkeypatch.setattr('mmavssl.datasets.readers.media_file.KEPT_SIZE', 1)
    path = make_video(options={'g': '20'})
    shown = range(25, 60)
    played = list(VideoFile(str(path)).play(shown, as_it_is))
    np.testing.assert_array_equal(played, one_by_one(path, shown))


def test_packets_are_decoded_once(make_video, monkeypatch):
    video = VideoFile(str(make_video(options=ONE_KEY, sample_rate=None)))
    begun, packets = [], video.media.packets
    monkeypatch.setattr(video.media, 'packets', lambda *args: begun.append(1) or packets(*args))
    assert len(list(video.play(range(10, 75), as_it_is))) == 65
    assert begun == [1]


@pytest.mark.parametrize('name', ['video.mp4', 'video.mkv'])
def test_it_ends_where_the_file_is_damaged(make_video, blank, numbers_of, name):
    path = make_video(name, options={**ONE_KEY, 'g': '10'})
    blank(path, range(32, 40))
    video = VideoFile(str(path))
    assert numbers_of(np.stack([*video.play(range(5, 75), as_it_is)])) == list(range(5, 32))
    assert list(video.play(range(35, 75), as_it_is)) == []
    assert numbers_of(video.frames(np.array([30, 33, 40]))) == [30, 30, 40]


def test_it_ends_where_frames_have_another_size(make_video, numbers_of):
    path = make_video('video.webm', codec='libvpx', sample_rate=None)
    head, last = path.read_bytes().rsplit(VP8_KEY, 1)
    path.write_bytes(head + vp8_with_size(VP8_KEY + last, 32, 32))
    played = np.stack([*VideoFile(str(path)).play(range(75), as_it_is)])
    assert numbers_of(played) == list(range(len(played)))
    assert 60 <= len(played) < 75


def test_frames_are_scaled_as_they_are_shown(make_video, rotate):
    path = make_video(seconds=1.0, size=(256, 192), sample_rate=None)
    for shape in ((96, 128, 3), (128, 96, 3)):
        video, asked = VideoFile(str(path)), []

        def half(height, width, asked=asked):
            asked.append((height, width))
            return height // 2, width // 2

        played = list(video.play(range(5, 25), half))
        whole = video.frames(np.arange(5, 25))
        assert set(asked) == {whole.shape[1:3]}
        scaled = [cv2.resize(f, shape[1::-1], interpolation=cv2.INTER_AREA) for f in whole]
        assert {frame.shape for frame in played} == {shape}
        assert np.abs(np.subtract(played, scaled, dtype=float)).mean() < 2
        rotate(path)


def test_decoded_video_leaves_all_to_its_frames(make_video):
    video = DecodedVideo(str(make_video(seconds=1.0)))
    assert list(video.play(range(25), as_it_is)) == []
    assert len(video.frames(np.arange(25))) == 25
