import os

import av
import numpy as np
import pytest

from mmavssl.datasets.readers.media import (
    PacketTally,
    check_file,
    decode_packets,
    media_errors,
)
from mmavssl.utils.errors import DataError


def test_missing_file_names_the_last_folder_that_exists(tmp_path):
    with pytest.raises(DataError) as caught:
        check_file(tmp_path / 'a/b/video.mp4')
    assert str(caught.value) == (
        f'{tmp_path}/a/b/video.mp4 does not exist (the folder {tmp_path} does). Correct the path, '
        'or what the paths of its list are relative to (`data_root`).'
    )


def test_folder_and_empty_file(tmp_path):
    with pytest.raises(DataError, match='is a folder'):
        check_file(tmp_path)
    (tmp_path / 'empty.mp4').touch()
    with pytest.raises(DataError, match=r'empty\.mp4 is empty \(0 bytes\)'):
        check_file(tmp_path / 'empty.mp4')
    (tmp_path / 'full.mp4').write_bytes(b'0')
    check_file(tmp_path / 'full.mp4')


def test_pipes_and_devices(tmp_path):
    os.mkfifo(tmp_path / 'pipe.mp4')
    for path in (tmp_path / 'pipe.mp4', '/dev/null'):
        with pytest.raises(DataError, match=rf'^{path} is a pipe or a device\. Name a file'):
            check_file(path)


@pytest.mark.parametrize(
    ('path', 'reason'),
    [
        (f'{"x" * 300}.mp4', 'File name too long'),
        (f'{"x" * 300}/a.mp4', 'File name too long'),
        ('a\0b.mp4', 'embedded null byte'),
        ('loop.mp4', 'Too many levels of symbolic links'),
    ],
)
def test_names_that_no_file_has(tmp_path, path, reason):
    (tmp_path / 'loop.mp4').symlink_to('loop.mp4')
    with pytest.raises(DataError) as caught:
        check_file(tmp_path / path)
    named = repr(str(tmp_path / path))
    assert str(caught.value).startswith(f'{named} cannot be opened: {reason}. Correct the path')


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / 'a.mp4').touch()
    with pytest.raises(DataError, match=rf'does not exist \(the folder {tmp_path} does\)'):
        check_file(tmp_path / 'a.mp4' / 'b.mp4')


@pytest.mark.parametrize(
    ('error', 'reason'),
    [
        (av.error.InvalidDataError(1, 'Invalid data', 'x.mp4'), 'Invalid data'),
        (ValueError('first line\nsecond line'), 'first line'),
        (KeyError(), 'KeyError()'),
        (ValueError('x' * 1000), 'x' * 200),
    ],
)
def test_any_error_becomes_one_line_that_names_the_file(error, reason):
    with pytest.raises(DataError) as caught, media_errors('x.mp4', 'sound'):
        raise error
    message = str(caught.value)
    assert message.startswith(f'x.mp4: cannot read sound: {reason}. The file is damaged')
    assert '\n' not in message
    assert caught.value.__cause__ is error


def test_data_errors_pass_unchanged():
    error = DataError('already said')
    with pytest.raises(DataError) as caught, media_errors('x.mp4', 'sound'):
        raise error
    assert caught.value is error


def test_damaged_packets_are_passed_over(make_video, blank, numbers_of):
    path = make_video(seconds=2.0, sample_rate=None, options={'bf': '0', 'g': '5'})
    blank(path, range(20, 25))
    tally = PacketTally()
    with av.open(str(path)) as container:
        frames = list(decode_packets(container.demux(video=0), tally))
    assert (tally.read, tally.damaged) == (50, 5)
    assert tally.lost_seconds == pytest.approx(0.2)
    numbers = numbers_of(np.stack([frame.to_ndarray(format='rgb24') for frame in frames]))
    assert numbers == [*range(20), *range(25, 50)]


def test_nothing_but_damaged_packets_is_an_error(make_video, blank):
    path = make_video(seconds=0.4, sample_rate=None)
    blank(path, range(10))
    with av.open(str(path)) as container, pytest.raises(av.error.FFmpegError):
        list(decode_packets(container.demux(video=0), PacketTally()))
