import av
import numpy as np
import pytest

from mmavssl.apis.demo.upload import UploadLimits, check_upload
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.visualization.movie import write_movie


def write_video(path, frames=10, size=(64, 48), rate=5):
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mpeg4', rate=rate)
        stream.width, stream.height = size
        picture = av.VideoFrame.from_ndarray(np.zeros((*size[::-1], 3), np.uint8), 'rgb24')
        for index in range(frames):
            picture.pts = index
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def clip(avsprites_root):
    return next(avsprites_root.rglob('*.mp4'))


def test_a_clip_within_the_limits(clip, tmp_path):
    check_upload(clip, UploadLimits(), needs_sound=True)
    check_upload(write_video(tmp_path / 'silent.mp4'), UploadLimits(), needs_sound=False)


@pytest.mark.parametrize('limit', [-1.0, 0.0, float('nan'), float('inf')])
@pytest.mark.parametrize('name', ['megabytes', 'seconds'])
def test_limits_that_no_clip_keeps(name, limit):
    with pytest.raises(ConfigError, match=f'^--max-{name} {limit:g}: expected a positive number'):
        UploadLimits(**{name: limit})


def test_what_the_page_does_not_take(clip, tmp_path):
    silent = write_video(tmp_path / 'silent.mp4')
    noise = tmp_path / 'noise.mp4'
    noise.write_bytes(b'no video' * 99)
    folder = clip.parent
    for path, limits, words in [
        (clip, UploadLimits(megabytes=0.001), f'^{clip.name} has 0 MB, and this page takes 0.001'),
        (silent, UploadLimits(seconds=1.5), '^silent.mp4 lasts 2 s, and this page takes 1.5 s'),
        (silent, UploadLimits(pixels=99), '^silent.mp4 has frames of 64 x 48'),
        (silent, UploadLimits(), '^silent.mp4: has no sound track. This model listens'),
        (noise, UploadLimits(), '^noise.mp4 cannot be used: cannot read'),
    ]:
        with pytest.raises(DataError, match=words) as error:
            check_upload(path, limits, needs_sound=True)
        assert str(tmp_path) not in str(error.value)
        assert str(folder) not in str(error.value)


def test_sound_alone(tmp_path):
    path = tmp_path / 'a.wav'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('pcm_s16le', rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), 's16', 'mono')
        frame.rate = 16000
        container.mux(stream.encode(frame))
    with pytest.raises(DataError, match=r'^a\.wav has no picture\. Send a video'):
        check_upload(path, UploadLimits(), needs_sound=True)


def test_an_upload_that_the_page_has_deleted(tmp_path):
    with pytest.raises(DataError, match=r'^gone\.mp4 is no longer kept by this page\. Send it'):
        check_upload(tmp_path / 'gone.mp4', UploadLimits(), needs_sound=False)


def test_sound_that_goes_on_after_the_picture(tmp_path):
    path = tmp_path / 'long.mp4'
    pictures = [np.zeros((32, 48, 3), np.uint8)] * 2
    write_movie(path, pictures, [0.5, 0.5], (32, 48), np.zeros(16000 * 9, np.float32))
    with pytest.raises(DataError, match=r'^long\.mp4 lasts 9 s, and this page takes 5 s'):
        check_upload(path, UploadLimits(seconds=5), needs_sound=True)
