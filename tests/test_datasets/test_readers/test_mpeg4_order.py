from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet

from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.mpeg4_order import PICTURE, display_numbers, picture_type
from mmavssl.datasets.readers.pyav_decoder import PyAVDecoder
from mmavssl.datasets.readers.video_file import VideoFile

XVID = {'codec': 'mpeg4', 'options': {'bf': '2', 'g': '30'}, 'sample_rate': None}
PACKED = b'\x00\x00\x01\xb2DivX503b1393p'  # the maker's note of a packed file
EMPTY = PICTURE + b'\x50\x4f'  # a P picture that is not coded


def rewrite(path: Path, contents: list[bytes]) -> Path:
    """Write the video of an AVI file once more, with other packets."""
    target = path.with_name(f'new_{path.name}')
    with av.open(str(path)) as source, av.open(str(target), 'w') as container:
        old = source.streams.video[0]
        new = container.add_stream_from_template(old)
        for number, content in enumerate(contents):
            packet = Packet(content)
            packet.stream, packet.time_base = new, old.time_base
            packet.pts = packet.dts = number
            packet.is_keyframe = picture_type(content) == 0
            container.mux(packet)
    return target


def contents_of(path: Path) -> list[bytes]:
    """Return the packets of a video."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def pack(contents: list[bytes]) -> list[bytes]:
    """Pack pictures as DivX does: I P B B P B B -> I (P B) B empty (P B) B empty."""
    types = [picture_type(content) for content in contents]
    packed, number = [], 0
    while number < len(contents):
        following = [kind == 2 for kind in types[number + 1 : number + 3]]
        if types[number] != 2 and following[:1] == [True]:
            packed.append(contents[number] + contents[number + 1])
            number += 2
            while number < len(contents) and types[number] == 2:
                packed.append(contents[number])
                number += 1
            packed.append(EMPTY)
        else:
            packed.append(contents[number])
            number += 1
    first = packed[0].index(PICTURE)
    packed[0] = packed[0][:first] + PACKED + packed[0][first:]
    return packed


@pytest.fixture
def decoded(monkeypatch):
    """Count the packets that go to the decoder and are not passed over."""
    counts = []
    take = PyAVDecoder._take

    def counting(self, wanted, frames):
        frames = list(frames)
        counts.append(len(frames))
        return take(self, wanted, iter(frames))

    monkeypatch.setattr(PyAVDecoder, '_take', counting)
    return counts


@pytest.mark.parametrize('is_packed', [False, True])
def test_frames_are_right_and_those_that_nothing_needs_are_passed_over(
    make_video, numbers_of, decoded, is_packed
):
    path = make_video('xvid.avi', **XVID)
    contents = contents_of(path)
    assert {picture_type(content) for content in contents} == {0, 1, 2}
    if is_packed:
        packed = pack(contents)
        assert len(packed) == len(contents)
        path = rewrite(path, packed)
    video = VideoFile(str(path))
    assert video.num_frames == 75
    assert video.clock.times[1] == pytest.approx(0.04)
    for wanted in ([35, 44, 52], [3, 4], [74]):
        assert numbers_of(video.frames(np.array(wanted))) == wanted
    # A key frame stands at 30: from there to 52, every third frame and those that are wanted.
    assert decoded[0] < 16
    assert len(decoded) == 3  # no second try
    wanted = [0, 29, 30, 31]  # of two groups of pictures
    assert numbers_of(video.frames(np.array(wanted))) == wanted
    assert len(decoded) == 5


def test_pictures_are_those_of_the_whole_file(make_video):
    path = str(make_video('xvid.avi', **XVID))
    with av.open(path) as container:
        whole = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    video = VideoFile(path)
    for index in (5, 31, 33, 60, 74):
        np.testing.assert_array_equal(video.frames(np.array([index]))[0], whole[index])


def test_decoding_begins_where_the_maker_is_named(make_video):
    path = make_video('xvid.avi', **XVID)
    note = b'\x00\x00\x01\xb2'
    contents = contents_of(path)
    keys = [number for number, content in enumerate(contents) if picture_type(content) == 0]
    assert len(keys) > 1
    contents[0] = note + b'XviD0046' + contents[0]
    contents[keys[1]] = contents[keys[1]][contents[keys[1]].index(PICTURE) :]
    track = VideoFile(str(rewrite(path, contents))).media.video
    assert [number for number, is_key in enumerate(track.is_key) if is_key] == [
        keys[0],
        *keys[2:],
    ]


def test_pictures_that_are_left_out_are_counted_from_the_start(make_video):
    path = make_video('xvid.avi', **XVID)
    contents = contents_of(path)
    left_out = next(n for n, content in enumerate(contents) if picture_type(content) == 2)
    contents[left_out] = EMPTY
    path = str(rewrite(path, contents))
    with av.open(path) as container:
        whole = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    assert len(whole) < 75
    video = VideoFile(path)
    assert video._pyav.times is None
    wanted = np.array([0, 1, 2, 40])
    np.testing.assert_array_equal(video.frames(wanted), np.stack(whole)[wanted])


def test_order_of_display():
    assert display_numbers([]) == []
    assert display_numbers([0, 1, 1]) == [0, 1, 2]
    assert display_numbers([0, 1, 2, 2, 1, 2, 0]) == [0, 3, 1, 2, 5, 4, 6]


def test_packets_of_a_packed_file(make_video):
    path = make_video('xvid.avi', **XVID)
    contents = contents_of(path)
    media = MediaFile(str(rewrite(path, pack(contents))))
    assert max(bytes(packet).count(PICTURE) for packet in media.video.kept) == 2
    VideoFile(media)
    pictures = [bytes(packet) for packet in media.video.kept if packet.size]
    assert [picture_type(content) for content in pictures] == [
        picture_type(content) for content in contents
    ]
    assert all(content.count(PICTURE) == 1 for content in pictures)
