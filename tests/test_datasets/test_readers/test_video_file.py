import av
import numpy as np
import pytest

from mmavssl.datasets.readers import decord_decoder
from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.video_file import DecodedVideo, VideoFile
from mmavssl.utils.errors import DataError

OPEN_GROUPS = {'x264-params': 'open-gop=1:bframes=3:b-adapt=0'}
# name: (how it is made, whether decord reads it)
FILES = {
    'h264.mp4': ({}, True),
    'h264.mkv': ({'options': {'bf': '2'}}, True),
    'small.webm': ({'codec': 'libvpx', 'sample_rate': None, 'seconds': 1.0}, True),
    'xvid.avi': ({'codec': 'mpeg4', 'options': {'bf': '2'}, 'audio_codec': 'libmp3lame'}, False),
    'vcd.mpg': ({'codec': 'mpeg1video', 'audio_codec': 'mp2', 'sample_rate': 44100}, False),
    'dvd.mpg': (
        {'codec': 'mpeg2video', 'options': {'bf': '2'}, 'audio_codec': 'mp2'},
        False,
    ),
    'broadcast.ts': ({}, False),
    'open_groups.mp4': ({'options': OPEN_GROUPS}, False),
    'open_groups.mkv': ({'options': OPEN_GROUPS}, False),
    'open_groups_mpeg4.mp4': ({'codec': 'mpeg4', 'options': {'bf': '2'}}, False),
    'refresh.mp4': ({'options': {'intra-refresh': '1', 'bf': '0'}}, False),
    'scene_cuts.mkv': ({'options': {'g': '250', 'bf': '0'}}, None),
}  # fmt: skip


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('name', FILES)
def test_each_frame_is_the_one_asked_for(make_video, numbers_of, name, backend):
    made, expects_decord = FILES[name]
    video = VideoFile(str(make_video(name, **made)), backend)
    if backend == 'pyav':
        assert video._decord is None
    elif expects_decord is not None and decord_decoder.decord is not None:
        assert (video._decord is not None) == expects_decord
    assert video.num_frames == (25 if name == 'small.webm' else 75)
    assert video.fps == pytest.approx(25)
    assert video.clock.duration == pytest.approx(video.num_frames / 25)
    rng = np.random.RandomState(0)
    for count in (1, 4, 8, 8):
        indices = rng.randint(0, video.num_frames, count)
        frames = video.frames(indices)
        assert frames.shape == (count, 48, 64, 3)
        assert frames.dtype == np.uint8
        assert numbers_of(frames) == indices.tolist()


def test_colours_are_those_of_the_file(make_video):
    frame = VideoFile(str(make_video(seconds=1.0))).frames(np.array([20]))[0, 36].astype(int)
    ramp = np.arange(64) * 255 // 63
    assert np.abs(frame[4:-4, 0] - ramp[4:-4]).mean() < 8
    assert np.abs(frame[4:-4, 2] - 255 + ramp[4:-4]).mean() < 8
    assert np.abs(frame[4:-4, 1] - 60).mean() < 8


def test_variable_frame_rate(make_video, numbers_of):
    times = np.cumsum([0.0] + [0.04, 0.1, 0.02] * 20)
    for name in ('video.mp4', 'video.mkv'):
        video = VideoFile(str(make_video(name, times=times)))
        np.testing.assert_allclose(video.clock.times, times, atol=6e-4)
        assert video.fps == pytest.approx(60 / times[-1], rel=1e-3)
        shown = video.clock.index_at(np.array([0.05, 0.15, 0.17, 2.01]))
        assert shown.tolist() == [1, 2, 3, 37]
        assert numbers_of(video.frames(shown)) == shown.tolist()


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_picture_is_turned_as_the_file_says(make_video, rotate, backend):
    path = make_video(seconds=1.0, sample_rate=None)
    lying = VideoFile(str(path)).frames(np.array([3, 20]))
    rotate(path)
    video = VideoFile(str(path), backend)
    upright = video.frames(np.array([3, 20]))
    assert upright.shape == (2, 64, 48, 3)
    np.testing.assert_array_equal(upright, np.rot90(lying, -1, axes=(1, 2)))


def test_edit_list_cuts_off_the_beginning(make_video, cut, numbers_of):
    path = make_video(options={'bf': '0'})
    assert decord_decoder.decord is None or VideoFile(str(path), 'decord')._decord is not None
    cut(path, 0.56)
    video = VideoFile(str(path), 'decord')
    assert video._decord is None  # it would begin with what is cut off
    assert video.num_frames == 61
    assert numbers_of(video.frames(np.array([0, 1, 30, 60]))) == [14, 15, 44, 74]
    assert video.clock.start_time == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize('seconds', [0.56, 1.6, 2.4])
def test_what_an_edit_list_cuts_off_is_no_damage(make_video, cut, seconds):
    """FFmpeg leaves out whole groups of pictures before the cut."""
    path = make_video()
    cut(path, seconds)
    video = VideoFile(str(path))
    assert video.num_frames == 75 - round(seconds * 25)
    video.frames(np.array([0, video.num_frames - 1]))
    assert video.faults == []
    assert AudioFile(str(path)).faults == []


def test_file_that_begins_in_the_middle_of_a_group_of_pictures(make_video, tmp_path, numbers_of):
    whole = make_video(options={'bf': '0', 'sc_threshold': '0'}, sample_rate=None)
    path = tmp_path / 'cut.mkv'
    with av.open(str(whole)) as source, av.open(str(path), 'w') as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in list(source.demux(video=0))[5:-1]:
            packet.stream = stream
            target.mux(packet)
    video = VideoFile(str(path))
    assert video.num_frames == 70
    rng = np.random.RandomState(0)
    for _ in range(5):
        indices = rng.randint(12 - 5, 70, 6)  # those before cannot be decoded
        assert numbers_of(video.frames(indices)) == (indices + 5).tolist()


def test_everything_works_without_decord(make_video, numbers_of, monkeypatch):
    monkeypatch.setattr(decord_decoder, 'decord', None)
    video = VideoFile(str(make_video()), 'decord')
    assert video._decord is None
    indices = np.array([70, 3, 3, 41])
    assert numbers_of(video.frames(indices)) == indices.tolist()


def test_all_frames_in_memory_are_the_same(make_video):
    path = str(make_video(seconds=1.0))
    video, decoded = VideoFile(path), DecodedVideo(path)
    indices = np.array([24, 0, 7, 7])
    expected = video.frames(indices)
    np.testing.assert_array_equal(decoded.frames(indices), expected)
    np.testing.assert_array_equal(decoded.frames(indices[None]), video.frames(indices[None]))
    decoded.frames(indices)[:] = 0
    np.testing.assert_array_equal(decoded.frames(indices), expected)
    assert decoded.num_frames == 25


class FailsAfter:
    """A decord reader that gives up at a frame."""

    def __init__(self, reader, frame):
        self.reader, self.frame = reader, frame

    def get_batch(self, indices):
        if max(indices) >= self.frame:
            raise RuntimeError('cannot decode')
        return self.reader.get_batch(indices)


def test_when_decord_gives_up_pyav_goes_on(make_video, numbers_of):
    pytest.importorskip('decord')
    video = VideoFile(str(make_video()), 'decord')
    video._decord._reader = FailsAfter(video._decord._reader, 40)
    assert numbers_of(video.frames(np.array([10, 39]))) == [10, 39]
    assert video._decord is not None
    assert numbers_of(video.frames(np.array([10, 40, 71]))) == [10, 40, 71]
    assert video._decord is None
    assert numbers_of(video.frames(np.array([2, 60]))) == [2, 60]


@pytest.mark.parametrize('name', ['video.mp4', 'video.mkv'])
def test_neighbours_stand_in_for_damaged_frames(make_video, blank, numbers_of, name):
    path = make_video(name, options={'bf': '0', 'sc_threshold': '0', 'g': '10'})
    blank(path, range(32, 40))
    video = VideoFile(str(path), 'decord')
    assert video.num_frames == 75
    assert numbers_of(video.frames(np.array([30, 31, 33, 39, 40, 41]))) == [30, 31, 31, 40, 40, 41]
    assert numbers_of(video.frames(np.array([5, 25, 33, 70]))) == [5, 25, 25, 70]
    assert video._decord is None
    assert video.faults == [
        '2 of 6 frames between 30 and 41 cannot be decoded, and the nearest ones stand in',
        '1 of 4 frames between 5 and 70 cannot be decoded, and the nearest ones stand in',
    ]
    assert numbers_of(video.frames(np.arange(40, 75))) == list(range(40, 75))
    assert len(video.faults) == 2


def test_overwritten_packets_are_never_read_by_decord(make_video, blank, numbers_of):
    """decord would return other frames in their place without a word."""
    path = make_video(options={'bf': '0', 'sc_threshold': '0', 'g': '10'})
    whole = VideoFile(str(path), 'decord')
    assert whole._decord is not None
    assert whole.faults == []
    blank(path, range(32, 40), byte=b'\0')
    video = VideoFile(str(path), 'decord')
    assert video._decord is None
    assert numbers_of(video.frames(np.array([30, 31, 33, 40]))) == [30, 31, 31, 40]
    assert len(video.faults) == 1


def test_too_many_damaged_frames_are_an_error(make_video, blank, numbers_of):
    path = make_video(options={'bf': '0', 'sc_threshold': '0', 'g': '10'})
    blank(path, range(30, 70))
    video = VideoFile(str(path))
    with pytest.raises(DataError, match=r'video\.mp4: only 1 of 4 frames between 20 and 60 can'):
        video.frames(np.array([20, 40, 50, 60]))
    assert numbers_of(video.frames(np.array([20, 29, 70]))) == [20, 29, 70]
    with pytest.raises(DataError, match=r'video\.mp4: only 35 of 75'):
        DecodedVideo(str(path))


@pytest.mark.timeout(60)
@pytest.mark.parametrize('name', ['video.mp4', 'video.mkv', 'video.avi', 'video.mpg'])
def test_bytes_overwritten_anywhere_never_break_out(make_video, name):
    codecs = {
        'video.avi': {'codec': 'mpeg4', 'audio_codec': 'libmp3lame'},
        'video.mpg': {'codec': 'mpeg1video', 'audio_codec': 'mp2', 'sample_rate': 44100},
    }
    path = make_video(name, seconds=2.0, **codecs.get(name, {}))
    intact, rng = path.read_bytes(), np.random.RandomState(0)
    outcomes = []
    for _ in range(12):
        content = bytearray(intact)
        for at in rng.randint(0, len(content), rng.randint(1, 9)):
            content[at : at + 8] = rng.bytes(8)
        path.write_bytes(content)
        outcomes += [outcome_of(read, path) for read in (read_frames, read_sound)]
    assert outcomes.count('decoded') >= 6


@pytest.mark.timeout(60)
@pytest.mark.parametrize('share', [0.0005, 0.2, 0.6, 0.97])
def test_truncated_files_are_errors_or_shorter(make_video, numbers_of, share):
    for name in ('video.mp4', 'video.mkv'):
        path = make_video(name)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        outcome = outcome_of(read_frames, path)
        outcome_of(read_sound, path)
        if name == 'video.mp4' or share < 0.01:  # the index of MP4 is at the end
            assert 'damaged, incomplete' in outcome
        else:
            assert outcome == 'decoded'
            video = VideoFile(str(path))
            assert abs(video.num_frames - 75 * share) < 15
            assert numbers_of(video.frames(np.array([0, 5]))) == [0, 5]


def test_truncated_file_with_its_index_in_front(make_video, numbers_of):
    path = make_video(muxer={'movflags': 'faststart'}, options={'bf': '0'})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    video = VideoFile(str(path))
    assert video.faults == [f'it ends after {video.num_frames} of its 75 frames']
    assert 35 < video.num_frames < 60
    frames = numbers_of(video.frames(np.arange(0, 40, 5)))
    assert frames[:6] == [0, 5, 10, 15, 20, 25]
    with pytest.raises(DataError, match=r'video\.mp4.*damaged|video\.mp4: only'):
        video.frames(np.arange(60, 75))


def outcome_of(read, path):
    """Read a file; what is raised must be one line that names it."""
    try:
        read(str(path))
    except DataError as error:
        message = str(error)
    else:
        return 'decoded'
    assert message.startswith(str(path))
    assert '\n' not in message
    return message


def read_frames(path):
    video = VideoFile(path)
    frames = video.frames(np.linspace(0, video.num_frames - 1, 5).astype(int))
    assert frames.shape[0] == 5
    assert frames.dtype == np.uint8


def read_sound(path):
    waveform = AudioFile(path).waveform
    assert np.abs(waveform).max(initial=0) <= 1
    assert len(waveform) < 16000 * 600


@pytest.mark.parametrize('opener', [VideoFile, AudioFile])
@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('missing.mp4', 'does not exist'),
        ('folder.mp4', 'is a folder'),
        ('empty.mp4', r'is empty \(0 bytes\)'),
        ('text.mp4', 'cannot read (video|sound): .* of another type than its name says'),
        ('zeros.mp4', 'cannot read (video|sound): '),
    ],
)
def test_what_is_no_media_file_is_named(tmp_path, opener, name, message):
    (tmp_path / 'folder.mp4').mkdir()
    (tmp_path / 'empty.mp4').touch()
    (tmp_path / 'text.mp4').write_text('not a video\n' * 50)
    (tmp_path / 'zeros.mp4').write_bytes(bytes(10000))
    with pytest.raises(DataError, match=rf'^{tmp_path}/{name}:? {message}') as caught:
        opener(str(tmp_path / name))
    assert '\n' not in str(caught.value)


def test_sound_file_has_no_video_even_with_a_cover(cover_mp3):
    with pytest.raises(DataError, match=r'song\.mp3 has no video in it.* Name a video'):
        VideoFile(str(cover_mp3))
    assert len(AudioFile(str(cover_mp3)).waveform) == pytest.approx(16000, abs=2000)


def test_unknown_codec_is_named(make_video):
    path = make_video(seconds=1.0)
    path.write_bytes(path.read_bytes().replace(b'avc1', b'zzzz').replace(b'avcC', b'zzzC'))
    with pytest.raises(DataError, match=r'video\.mp4: there is no decoder'):
        VideoFile(str(path))


def test_pictures_that_the_decoder_patches_are_noted(make_video):
    """A part of a packet is overwritten: the decoder shows something, and says that it guessed."""
    path = make_video(options={'bf': '0', 'g': '75', 'sc_threshold': '0'}, sample_rate=None)
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(container.streams.best('video')) if p.size]
        begin = packets[0].pos
    content = bytearray(path.read_bytes())
    size = packets[0].size
    content[begin + size - 40 : begin + size - 32] = b'\x55' * 8
    path.write_bytes(content)
    video = VideoFile(str(path))
    assert video.frames(np.array([0, 3])).shape == (2, 48, 64, 3)
    assert video.faults == ['1 of 2 frames between 0 and 3 are damaged in part']
