import av
import numpy as np
import pytest

from mmavssl.datasets.readers import media_file
from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.utils.errors import DataError

FILES = {
    'h264.mp4': {'options': {'bf': '2'}},
    'h264.mkv': {},
    'xvid.avi': {'codec': 'mpeg4', 'options': {'bf': '2'}, 'audio_codec': 'libmp3lame'},
    'vcd.mpg': {'codec': 'mpeg1video', 'audio_codec': 'mp2', 'sample_rate': 44100},
    'broadcast.ts': {},
}


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('name', FILES)
def test_large_files_are_read_again_with_the_same_result(make_video, monkeypatch, name, backend):
    path = str(make_video(name, **FILES[name]))

    def read():
        media = MediaFile(path)
        video, sound = VideoFile(media, backend), AudioFile(media)
        pictures = [video.frames(np.array(indices)) for indices in ([40, 60], [3, 7], [74, 20])]
        return (
            media,
            pictures,
            sound.windows([1.2, 0.1, 2.4], 0.5),
            sound.start_time,
            sound.waveform,
        )

    small, *expected = read()
    assert small.video.kept
    monkeypatch.setattr(media_file, 'KEPT_SIZE', 0)
    monkeypatch.setattr(media_file, 'PORTION', 7)
    large, *found = read()
    assert large.video.kept is large.audio.kept is None
    assert (large.video.pts, large.audio.pts) == (small.video.pts, small.audio.pts)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.array(ours), np.array(theirs))


PLAYLIST = """\
#EXTM3U
#EXT-X-TARGETDURATION:5
#EXTINF:3.0,
{file}
#EXT-X-ENDLIST
"""


@pytest.mark.parametrize(
    ('name', 'text'),
    [('clip.m3u8', PLAYLIST), ('clip.mp4', 'ffconcat version 1.0\nfile {file.name}\n')],
)
def test_files_that_a_file_names_are_not_shown(make_video, tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text.format(file=make_video('private.ts')))
    with av.open(str(path)) as container:  # FFmpeg would
        assert len(list(container.decode(video=0))) > 50
    with pytest.raises(DataError, match=r'its format is not read\. A playlist'):
        MediaFile(str(path))
    with pytest.raises(DataError):
        MediaFile(str(path), path.read_bytes())


def test_content_in_memory_is_the_file(make_video):
    path = make_video()
    content = path.read_bytes()
    path.unlink()
    media = MediaFile('somewhere://a.mp4', content)
    assert VideoFile(media, 'decord').frames(np.array([5, 70])).shape == (2, 48, 64, 3)
    assert AudioFile(media).window(1.4, 0.2).any()
    with pytest.raises(DataError, match=r'^somewhere://a\.mp4 is empty \(0 bytes\)'):
        MediaFile('somewhere://a.mp4', b'')


def test_only_what_is_wanted_is_kept(make_video):
    path = str(make_video())
    assert MediaFile(path, kinds=['video']).audio is None
    assert MediaFile(path, kinds=['audio']).video is None
    media = MediaFile(path)
    count = media.video.count
    assert count == 75
    media.close()
    assert media.video.kept == media.audio.kept == []


def test_frames_that_nothing_needs_are_passed_over(make_video):
    """Of a file with B frames, fewer packets give frames, and these are the same."""
    noise = {'b-pyramid': 'normal', 'bf': '3', 'b-adapt': '0', 'g': '50', 'sc_threshold': '0'}
    path = str(make_video(options={**noise, 'crf': '20'}))
    one_by_one, whole = VideoFile(path), VideoFile(path)
    every = whole.frames(np.arange(75))
    for index in (0, 1, 2, 3, 13, 47, 48, 49, 50, 74):
        np.testing.assert_array_equal(one_by_one.frames(np.array([index]))[0], every[index])
    decoded = [number for number, _ in one_by_one._pyav._decode_near([49], key=0)]
    assert len(decoded) < 50


def test_requested_frames_are_decoded_in_one_pass(make_video, numbers_of, monkeypatch):
    video = VideoFile(str(make_video()))
    passes = []
    decode = video._pyav.decode
    monkeypatch.setattr(
        video._pyav, 'decode', lambda wanted: passes.append(wanted) or decode(wanted)
    )
    video.request(np.array([[50, 54]]))
    video.request(np.array([[3, 7]]))
    assert numbers_of(video.frames(np.array([[50, 54]]))) == [50, 54]
    assert numbers_of(video.frames(np.array([3, 7]))) == [3, 7]
    assert passes == [[3, 7, 50, 54]]
    assert numbers_of(video.frames(np.array([8, 7]))) == [8, 7]
    assert passes[1:] == [[7, 8]]
