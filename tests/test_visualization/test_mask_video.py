from contextlib import redirect_stderr

import av
import numpy as np
import pytest

from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.utils.errors import DataError
from mmavssl.visualization.mask_figure import GAP, TITLE_HEIGHT, ClipPanel
from mmavssl.visualization.mask_video import PlayedClip, draw_pictures, save_mask_video, sound_of
from tests.terminal import Terminal

GREYS = (40, 90, 140, 190)


def grey_panel(num_frames=4, side=32, **kwargs):
    frames = np.stack([np.full((side, side, 3), grey, np.uint8) for grey in GREYS[:num_frames]])
    return ClipPanel(frames, **kwargs)


def beep(seconds, at, length=0.1):
    """A sound with a tone of 500 Hz that begins at a time."""
    times = np.arange(round(seconds * 16000)) / 16000
    on = (times >= at) & (times < at + length)
    return np.float32(0.5 * np.sin(2 * np.pi * 500 * times) * on)


def loud_part(sound):
    """When the loud part of a sound begins and ends, in seconds."""
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    return loud[0] / 16000, loud[-1] / 16000


def picture_times(path):
    """When pictures begin, and when the last one ends, in seconds."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    begins = [float(packet.pts * packet.time_base) for packet in packets]
    return begins, begins[-1] + float(packets[-1].duration * packets[-1].time_base)


def test_pictures_have_a_named_column_for_each_kind():
    mask = np.zeros((4, 16), bool)
    mask[:, 0] = True
    panel = grey_panel(masks={'guided': mask}, mixed=grey_panel().frames[::-1].copy())
    pictures = list(draw_pictures(panel, cell=32))
    height, width = 2 * TITLE_HEIGHT + 32, 3 * (32 + GAP)
    assert [picture.shape for picture in pictures] == [(height, width + width % 2, 3)] * 4
    for index, picture in enumerate(pictures):
        cells = picture[2 * TITLE_HEIGHT :]
        frame, guided, mixed = (cells[:, x : x + 32] for x in (0, 32 + GAP, 2 * (32 + GAP)))
        assert (frame == GREYS[index]).all()
        assert (guided[:8, :8] == GREYS[index]).all()
        assert (guided[8:, 8:] == GREYS[index] // 5).all()
        assert (mixed == GREYS[3 - index]).all()
        names = picture[TITLE_HEIGHT : 2 * TITLE_HEIGHT]
        assert all((names[:, x : x + 32] < 128).any() for x in (0, 32 + GAP, 2 * (32 + GAP)))


def test_sides_are_even_and_the_rest_is_background():
    [picture] = draw_pictures(grey_panel(1, masks={}, title='odd'), cell=33)
    assert picture.shape == (2 * TITLE_HEIGHT + 34, 33 + GAP, 3)
    assert (picture[-1] == 255).all()


def test_frames_and_sound_are_played_when_they_were(tmp_path):
    """The second clip has another frame rate, and its beep is where its second frame begins."""
    clips = [
        PlayedClip(grey_panel(4), 2.0, beep(2.0, at=0.5)),
        PlayedClip(grey_panel(2), 1.6, beep(2.6, at=0.5 + 0.8)),  # 0.5 s more at both ends
    ]
    save_mask_video(tmp_path / 'new/m.mp4', clips, cell=64)
    times, end = picture_times(tmp_path / 'new/m.mp4')
    assert times == pytest.approx([0, 0.5, 1, 1.5, 2, 2.8])
    assert end == pytest.approx(2 + 1.6)
    video = VideoFile(str(tmp_path / 'new/m.mp4'))
    centres = video.frames(np.arange(6))[:, 2 * TITLE_HEIGHT + 32, 32]
    np.testing.assert_allclose(centres[:, 0], [*GREYS, *GREYS[:2]], atol=3)
    sound = AudioFile(str(tmp_path / 'new/m.mp4'))
    assert sound.start_time == 0
    for start, seconds, at in ((0, 2.0, 0.5), (2.0, 1.6, 0.8)):
        begin, end = loud_part(sound.window(start, seconds))
        assert (begin, end) == (pytest.approx(at, abs=0.01), pytest.approx(at + 0.1, abs=0.01))


def test_streams_are_what_every_player_reads(tmp_path):
    save_mask_video(tmp_path / 'm.mp4', [PlayedClip(grey_panel(), 64 / 30, beep(2.56, 1))])
    with av.open(str(tmp_path / 'm.mp4')) as container:
        [video], [audio] = container.streams.video, container.streams.audio
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ('h264', 'yuv420p')
        assert (audio.codec_context.name, audio.rate, audio.channels) == ('aac', 16000, 1)
        assert video.average_rate == pytest.approx(4 * 30 / 64, rel=1e-3)
        assert float(video.duration * video.time_base) == pytest.approx(64 / 30, abs=1e-3)
        assert float(audio.duration * audio.time_base) == pytest.approx(64 / 30, abs=0.1)


@pytest.mark.parametrize('spare', [-3, -2, 0, 2, 3])
def test_middle_of_the_sound_is_that_of_the_clip(spare):
    length = 1600
    sound = np.arange(1.0, length + spare + 1)
    played = sound_of(PlayedClip(grey_panel(), 0.1, sound))
    assert len(played) == length
    first = -(-spare // 2)  # samples that are left out, or the negative number of added ones
    expected = [sound[i + first] if 0 <= i + first < len(sound) else 0 for i in range(length)]
    assert played.tolist() == expected


def test_clips_without_sound(tmp_path):
    clips = [PlayedClip(grey_panel(), 1.0), PlayedClip(grey_panel(), 1.0, beep(1.0, 0.5))]
    save_mask_video(tmp_path / 'silent.mp4', clips[:1])
    assert not AudioFile(str(tmp_path / 'silent.mp4')).has_audio
    save_mask_video(tmp_path / 'one.mp4', clips)
    sound = AudioFile(str(tmp_path / 'one.mp4'))
    assert np.abs(sound.window(0, 0.9)).max() < 0.01
    assert loud_part(sound.window(1, 1))[0] == pytest.approx(0.5, abs=0.01)


def test_wrong_arguments(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match='at least one clip'):
        save_mask_video(tmp_path / 'm.mp4', [])
    monkeypatch.setattr(av, 'codecs_available', {'libx264'})
    with pytest.raises(DataError, match="no encoder 'aac'"):
        save_mask_video(tmp_path / 'm.mp4', [PlayedClip(grey_panel(), 1.0)])


def test_bar(tmp_path, monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setattr('mmavssl.utils.progress.INTERVAL', 0)
    clips = [PlayedClip(grey_panel(), 1.0), PlayedClip(grey_panel(2), 1.0)]
    with redirect_stderr(Terminal()) as terminal:
        save_mask_video(tmp_path / 'm.mp4', clips)
        assert terminal.getvalue() == ''
        save_mask_video(tmp_path / 'm.mp4', clips, progress=True)
    assert 'Drawing' in terminal.getvalue()
    assert '6/6' in terminal.getvalue()
