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


def test_sound_stands_beside_its_pictures_in_the_file(tmp_path):
    """A player that reads from a server needs the index first, and no sound from far behind."""
    times = np.arange(16000 * 8) / 16000
    sound = np.float32(np.sin(2 * np.pi * (200 + 100 * times) * times) * 0.5)
    noise = np.random.default_rng(0).integers(0, 256, (80, 32, 48, 3), np.uint8)
    path = tmp_path / 'm.mp4'
    write_movie(path, iter(noise), [0.1] * 80, (32, 48), sound)
    content = path.read_bytes()
    assert content.index(b'moov') < content.index(b'mdat')
    with av.open(str(path)) as file:
        packets = [
            (packet.pos, packet.stream.type, float(packet.pts * packet.time_base))
            for packet in file.demux()
            if packet.size
        ]
    begins = {'audio': 0.0, 'video': 0.0}
    for _, kind, time in sorted(packets):
        begins[kind] = time
        assert abs(begins['audio'] - begins['video']) < 0.6
    heard = AudioFile(str(path)).waveform
    assert len(heard) == pytest.approx(len(sound), abs=1024)
    assert np.corrcoef(heard[1024:120000], sound[1024:120000])[0, 1] > 0.99


@pytest.mark.parametrize('length', [400, 16000, 40000])
def test_sound_may_be_shorter_or_longer_than_the_pictures(tmp_path, length):
    sound = np.float32(np.sin(np.arange(length) / 5) * 0.5)
    write_movie(tmp_path / 'm.mp4', PICTURES, [0.4, 0.4, 0.4], (32, 48), sound)
    heard = AudioFile(str(tmp_path / 'm.mp4')).waveform
    assert len(heard) == pytest.approx(length, abs=1024)
    assert VideoFile(str(tmp_path / 'm.mp4')).clock.duration == pytest.approx(1.2, abs=0.01)
