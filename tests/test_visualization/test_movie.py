import av
import numpy as np
import pytest

from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.utils.errors import DataError
from mmavssl.visualization.movie import write_movie

PICTURES = [np.full((32, 48, 3), grey, np.uint8) for grey in (60, 120, 180)]


def test_pictures_may_be_shown_for_different_times(tmp_path):
    path = tmp_path / 'new/m.mp4'
    write_movie(path, iter(PICTURES), [0.5, 0.25, 1.0], (32, 48))
    video = VideoFile(str(path))
    np.testing.assert_allclose(video.clock.times, [0, 0.5, 0.75], atol=1e-4)
    assert video.frames(np.arange(3))[:, 16, 24, 0] == pytest.approx([60, 120, 180], abs=3)
    assert not AudioFile(str(path)).has_audio


def test_what_fails_leaves_no_file(tmp_path):
    def broken():
        yield PICTURES[0]
        raise DataError('v.mp4 is damaged')

    with pytest.raises(DataError, match='damaged'):
        write_movie(tmp_path / 'm.mp4', broken(), [0.5, 0.5], (32, 48))
    assert list(tmp_path.iterdir()) == []


def test_missing_encoder(tmp_path, monkeypatch):
    monkeypatch.setattr(av, 'codecs_available', {'aac'})
    with pytest.raises(DataError, match=r"no encoder 'libx264', which writing m\.mp4 needs"):
        write_movie('m.mp4', PICTURES, [1, 1, 1], (32, 48))
