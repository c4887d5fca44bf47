"""Headers that promise gigabytes end in an error that names the file, before memory is spent."""

import resource
import sys

import numpy as np
import pytest

from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.media import MAX_SOUND_SECONDS
from mmavssl.datasets.readers.stills_file import StillsFile
from mmavssl.datasets.readers.video_file import DecodedVideo, VideoFile
from mmavssl.datasets.readers.waveform_joiner import WaveformJoiner
from mmavssl.utils.errors import DataError
from tests.reliability.giant_headers import (
    VP8_KEY,
    mp4_with_size,
    png,
    vp8_with_size,
    wav_with_channels,
    wav_with_rate,
)

UNIT = 1 if sys.platform == 'darwin' else 1024


@pytest.fixture
def little_memory():
    """Fail if a test takes more than 600 MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * UNIT < 600 * 2**20


@pytest.fixture
def wav(tmp_path):
    import wave

    path = tmp_path / 'sound.wav'
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.full(48000, 99, '<i2').tobytes())
    return path


@pytest.mark.usefixtures('little_memory')
@pytest.mark.parametrize('rate', [1, 999, 2**31 - 1])
def test_sample_rate(wav, rate):
    wav.write_bytes(wav_with_rate(wav.read_bytes(), rate))
    with pytest.raises(DataError, match=str(wav)):
        _ = AudioFile(str(wav)).waveform


@pytest.mark.parametrize('channels', [65, 255])
def test_channels(wav, channels):
    wav.write_bytes(wav_with_channels(wav.read_bytes(), channels))
    with pytest.raises(DataError, match=str(wav)):
        _ = AudioFile(str(wav)).waveform


def test_unusual_sample_rates_are_read(wav):
    wav.write_bytes(wav_with_rate(wav.read_bytes(), 1000))
    assert len(AudioFile(str(wav)).waveform) == pytest.approx(48 * 16000, abs=100)


def test_days_of_sound(make_video, monkeypatch):
    monkeypatch.setattr('mmavssl.datasets.readers.waveform_joiner.MAX_SOUND_SECONDS', 2.0)
    path = make_video('long.mkv')
    with pytest.raises(DataError, match=rf'{path}: .* more than 2 s of sound'):
        _ = AudioFile(str(path)).waveform
    assert len(AudioFile(str(path)).window(2.4, 0.5)) == 8000  # a part of it is no matter
    assert MAX_SOUND_SECONDS * WaveformJoiner().sample_rate * 4 < 2**29


@pytest.mark.usefixtures('little_memory')
@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('size', [(8192, 8208), (16384, 16256), (65520, 65520)])
def test_h264(make_video, size, backend):
    path = make_video()
    path.write_bytes(mp4_with_size(path.read_bytes(), *size))
    with pytest.raises(DataError, match=str(path)):
        VideoFile(str(path), backend).frames(np.array([0, 20]))


@pytest.mark.usefixtures('little_memory')
@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_frames_of_a_sample(make_video, backend):
    path = make_video(codec='mpeg4', size=(2560, 1440), seconds=4.0, fps=25, sample_rate=None)
    video = VideoFile(str(path), backend)
    assert video.frames(np.arange(4)).shape == (4, 1440, 2560, 3)
    with pytest.raises(DataError, match=rf'{path}: 98 frames of 2560 x 1440 .* take 1033 MB'):
        video.frames(np.arange(98))
    with pytest.raises(DataError, match=rf'{path}: 100 frames .* the 256 MB of a sample'):
        DecodedVideo(str(path), backend)


@pytest.mark.usefixtures('little_memory')
@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('side', [8192, 16368, 16383])
def test_vp8(make_video, backend, side):
    path = make_video('video.webm', codec='libvpx', sample_rate=None)
    path.write_bytes(vp8_with_size(path.read_bytes(), side, side))
    with pytest.raises(DataError, match=str(path)):
        VideoFile(str(path), backend).frames(np.arange(70))


@pytest.mark.usefixtures('little_memory')
@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_size_that_only_packets_name(make_video, backend):
    path = make_video('video.webm', codec='libvpx', sample_rate=None)
    path.write_bytes(vp8_with_size(path.read_bytes(), 2048, 2048))
    with pytest.raises(DataError, match=rf'{path}: 75 frames of 2048 .* the 256 MB of a sample'):
        DecodedVideo(str(path), backend)


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_frames_of_another_size_count_as_damaged(make_video, numbers_of, backend):
    path = make_video('video.webm', codec='libvpx', sample_rate=None)
    head, last = path.read_bytes().rsplit(VP8_KEY, 1)
    path.write_bytes(head + vp8_with_size(VP8_KEY + last, 32, 32))
    video = VideoFile(str(path), backend)
    frames = video.frames(np.arange(0, 75, 3))
    assert frames.shape == (25, 48, 64, 3)
    assert numbers_of(frames)[:20] == list(range(0, 60, 3))
    assert 'cannot be decoded, and the nearest ones stand in' in ' '.join(video.faults)


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_number_of_frames(make_video, numbers_of, backend):
    """decord ends the process if it cannot have as much memory as they would take."""
    path = make_video()
    content = bytearray(path.read_bytes())
    count = content.index(b'stts') + 12
    content[count : count + 4] = b'\xff' * 4
    path.write_bytes(content)
    video = VideoFile(str(path), backend)
    assert numbers_of(video.frames(np.array([0, 20]))) == [0, 20]


@pytest.mark.usefixtures('little_memory')
@pytest.mark.parametrize('size', [(8193, 8193), (30000, 30000), (65535, 65535)])
def test_picture(tmp_path, size):
    path = tmp_path / 'picture.png'
    path.write_bytes(png(*size))
    with pytest.raises(DataError, match=f'{path} says that its pictures have'):
        StillsFile(str(path)).frames(np.array([0]))
