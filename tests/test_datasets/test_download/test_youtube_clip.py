"""yt-dlp itself, on a server of ours in place of YouTube's."""

import sys

import av
import numpy as np
import pytest

from mmavssl.datasets.download.youtube_clip import (
    ClipOptions,
    check_packages,
    fetch_clip,
    ffmpeg_program,
)
from mmavssl.datasets.preparation.annotations import ClipName
from mmavssl.utils.errors import ConfigError, DataError

VIDEO = 'ab_defghi-1'


@pytest.fixture
def video(server, tmp_path, make_video):
    path = make_video('whole.mp4', seconds=4, size=(64, 48))
    server.files[f'{VIDEO}.mp4'] = path.read_bytes()
    return path


def options(server, **changes):
    return ClipOptions(video_url=f'{server.url}{{id}}.mp4', **changes)


def frames_of(path):
    with av.open(str(path)) as file:
        rate = float(file.streams.video[0].average_rate)
        frames = [frame.to_ndarray(format='gray') for frame in file.decode(video=0)]
    return np.stack(frames).astype(int), rate


def seconds_of_sound(path):
    with av.open(str(path)) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


def test_a_clip_is_cut_exactly(server, video, tmp_path):
    (tmp_path / 'out').mkdir()
    path = tmp_path / f'out/{VIDEO}_000001.mp4'
    assert fetch_clip(ClipName(VIDEO, 1), path, options(server, seconds=2)) is None
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    whole, rate = frames_of(video)
    frames, _ = frames_of(path)
    assert abs(len(frames) - 2 * rate) <= 1
    distance = np.abs(whole - frames[0]).mean((1, 2))
    assert int(distance.argmin()) == round(rate)
    assert seconds_of_sound(path) == pytest.approx(2, abs=0.1)


def test_why_a_clip_cannot_be_had(server, tmp_path):
    reason = fetch_clip(ClipName(VIDEO, 0), tmp_path / 'clip.mp4', options(server))
    assert 'HTTP Error 404' in reason
    assert '\n' not in reason
    assert not reason.startswith('ERROR')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('name', ['../../etc/pw', 'short', 'ab_defghi-1&x=1', ''])
def test_ids_that_are_none(server, tmp_path, name):
    with pytest.raises(DataError, match='is no id of a video on YouTube'):
        fetch_clip(ClipName(name, 0), tmp_path / 'clip.mp4', options(server))


@pytest.mark.parametrize('package', ['yt_dlp', 'imageio_ffmpeg'])
def test_packages_that_lack(monkeypatch, package):
    monkeypatch.setattr('shutil.which', lambda name: None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=rf"need {package}: pip install 'mmavssl\[download\]'"):
        check_packages()


def test_the_program_of_the_package(server, video, tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert 'imageio_ffmpeg' in ffmpeg_program()
    assert fetch_clip(ClipName(VIDEO, 3), tmp_path / 'x.mp4', options(server)) is None
    assert len(frames_of(tmp_path / 'x.mp4')[0]) > 1
