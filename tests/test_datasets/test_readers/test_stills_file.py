import cv2
import numpy as np
import pytest

from mmavssl.datasets.readers.stills_file import StillsFile, is_stills
from mmavssl.utils.errors import DataError


@pytest.fixture
def folder(tmp_path, write_frame):
    """Pictures whose names count otherwise than their letters do."""
    for number in (1, 2, 10):
        write_frame(tmp_path / f'clip/{number}.png', seed=number)
    (tmp_path / 'clip/notes.txt').write_text('no picture')
    (tmp_path / 'clip/._1.png').write_text('no picture either')
    return tmp_path / 'clip'


def test_a_picture_is_a_clip_of_one_frame(tmp_path, write_frame):
    write_frame(tmp_path / 'a.png', size=(20, 10))
    stills = StillsFile(str(tmp_path / 'a.png'))
    frames = stills.frames(np.array([[0, 0]]))
    assert frames.shape == (2, 10, 20, 3)
    np.testing.assert_array_equal(frames[1], cv2.imread(str(tmp_path / 'a.png'))[..., ::-1])
    assert (stills.num_frames, stills.clock.duration, stills.faults) == (1, 1.0, [])


def test_pictures_of_a_folder_are_in_the_order_of_their_numbers(folder):
    stills = StillsFile(str(folder))
    assert [name.rpartition('/')[2] for name in stills.files] == ['1.png', '2.png', '10.png']
    assert stills.clock.index_at(np.array([0.0, 0.9, 1.0, 2.5, 9.0])).tolist() == [0, 0, 1, 2, 2]
    frames = stills.frames(np.array([2, 0]))
    for frame, number in zip(frames, (10, 1), strict=True):
        np.testing.assert_array_equal(frame, cv2.imread(str(folder / f'{number}.png'))[..., ::-1])


def test_content_from_a_storage(tmp_path, write_frame):
    write_frame(tmp_path / 'a.jpg')
    stills = StillsFile('s3://frames/a.jpg', (tmp_path / 'a.jpg').read_bytes())
    np.testing.assert_array_equal(
        stills.frames(np.zeros(1, int)),
        StillsFile(str(tmp_path / 'a.jpg')).frames(np.zeros(1, int)),
    )


def test_what_cannot_be_used_is_named(folder, tmp_path, write_frame):
    (folder / '2.png').write_text('not a picture')
    with pytest.raises(DataError, match=r'clip/2\.png cannot be decoded as a picture'):
        StillsFile(str(folder)).frames(np.array([1]))
    (folder / '2.png').write_bytes(b'')
    with pytest.raises(DataError, match=r'clip/2\.png is empty'):
        StillsFile(str(folder)).frames(np.array([1]))
    write_frame(folder / '2.png', size=(8, 8))
    with pytest.raises(DataError, match=r'clip: its pictures have several sizes.*clip_len=1'):
        StillsFile(str(folder)).frames(np.array([0, 1]))
    with pytest.raises(DataError, match=r'absent\.jpg does not exist'):
        StillsFile(str(tmp_path / 'absent.jpg'))
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match=r'empty is a folder, and it has no pictures \(\.jpg'):
        StillsFile(str(tmp_path / 'empty'))


def test_what_counts_as_stills(folder):
    assert is_stills(str(folder))
    assert is_stills('http://host/a.JPEG')
    assert not is_stills('a.mp4')
