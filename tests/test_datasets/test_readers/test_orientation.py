import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from mmavssl.datasets.readers import decord_decoder
from mmavssl.datasets.readers.orientation import (
    AS_STORED,
    DisplayMatrix,
    set_upright,
    turned,
)
from mmavssl.datasets.readers.video_file import VideoFile

#: name: (matrix, what it makes of frames (T, H, W, 3))
WAYS = {
    'as stored': ((1, 0, 0, 1), lambda frames: frames),
    'half a turn': ((-1, 0, 0, -1), lambda frames: np.rot90(frames, 2, (1, 2))),
    'clockwise': ((0, 1, -1, 0), lambda frames: np.rot90(frames, -1, (1, 2))),
    'counter-clockwise': ((0, -1, 1, 0), lambda frames: np.rot90(frames, 1, (1, 2))),
    'left is right': ((-1, 0, 0, 1), lambda frames: np.flip(frames, 2)),
    'upside down': ((1, 0, 0, -1), lambda frames: np.flip(frames, 1)),
    'diagonal': ((0, 1, 1, 0), lambda frames: frames.transpose(0, 2, 1, 3)),
    'other diagonal': (
        (0, -1, -1, 0),
        lambda frames: np.rot90(frames, 2, (1, 2)).transpose(0, 2, 1, 3),
    ),
}


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('way', WAYS)
def test_frames_are_shown_as_the_file_says(make_video, orient, way, backend):
    matrix, show = WAYS[way]
    path = make_video(seconds=1.0, size=(96, 64), sample_rate=None)
    wanted = np.array([3, 20])
    expected = show(VideoFile(str(path)).frames(wanted))
    orient(path, *matrix)
    video = VideoFile(str(path), backend)
    if backend == 'decord' and decord_decoder.decord is not None:
        assert (video._decord is not None) == (way == 'as stored')
    np.testing.assert_array_equal(video.frames(wanted), expected)


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize('scale', [0.01, 3])
def test_the_unit_of_a_matrix_does_not_matter(way, scale):
    matrix, show = WAYS[way]
    matrix = DisplayMatrix(*(scale * value for value in matrix))
    picture = np.arange(24).reshape(2, 4, 3)
    np.testing.assert_array_equal(set_upright(picture, matrix), show(picture[None])[0])


@pytest.mark.parametrize('degrees', [*range(-180, 181, 90), 30, -60, 134, 136])
def test_a_turn_is_rounded_to_a_right_angle(degrees):
    picture = np.arange(24).reshape(2, 4, 3)
    expected = np.rot90(picture, round(degrees / 90))
    np.testing.assert_array_equal(set_upright(picture, turned(degrees)), expected)


def test_no_size_at_all_is_as_stored():
    picture = np.arange(24).reshape(2, 4, 3)
    np.testing.assert_array_equal(set_upright(picture, DisplayMatrix(0, 0, 0, 0)), picture)
    assert set_upright(picture, AS_STORED) is picture


def test_pictures_with_exif_are_turned(tmp_path):
    """PyAV does not know Exif beside the matrix of a frame, and gives neither of them."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 255, (6, 8, 3), np.uint8))
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # turn it clockwise
    small.resize((64, 48)).save(file, 'JPEG', exif=exif, quality=95)
    path = tmp_path / 'camera.mov'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mjpeg', rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuvj420p'
        for number in range(3):
            packet = av.Packet(file.getvalue())
            packet.stream, packet.time_base = stream, Fraction(1, 10)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    (frame,) = VideoFile(str(path)).frames(np.array([1]))
    stored = np.array(Image.open(file)).astype(int)
    assert frame.shape == (64, 48, 3)
    assert np.abs(frame - np.rot90(stored, -1)).mean() < 8
