import doctest

import av
import numpy as np
import pytest

from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.visualization import prediction_video
from mmavssl.visualization.mask_figure import GAP, TITLE_HEIGHT, overlay_heatmap
from mmavssl.visualization.prediction_video import (
    BEST,
    CURSOR,
    MAP_NOTE,
    MAX_WIDTH,
    NO_MAP_NOTE,
    NO_SOUND_NOTE,
    OTHERS,
    SIDE_MARGIN,
    SIDE_WIDTH,
    STRIP_HEIGHT,
    TROUGH,
    PlayedPrediction,
    draw_bars,
    draw_prediction,
    drawn_size,
    save_prediction_video,
)

TOP = [('drum', 0.75), ('bell', 0.125), ('a very long name of a class that has no room', 0.0)]


def played(num_frames=8, fps=4, side=(40, 60), **kwargs):
    """Frames that become brighter, and a beep at half of their time."""
    frames = [np.full((*side, 3), 20 + 10 * index, np.uint8) for index in range(num_frames)]
    seconds = num_frames / fps
    times = np.arange(round(16000 * seconds)) / 16000
    on = (times >= seconds / 2) & (times < seconds / 2 + 0.1)
    sound = np.float32(0.5 * np.sin(2 * np.pi * 500 * times) * on)
    logmel = np.random.default_rng(0).normal(size=(round(100 * seconds) - 2, 8))
    arguments = dict(sound=sound, logmel=logmel, top=TOP, title='a.mp4')
    times = np.arange(num_frames) / fps
    return PlayedPrediction(
        frames=iter(frames), times=times, duration=seconds, **{**arguments, **kwargs}
    )


def test_frames_bars_and_sound_have_their_places():
    pictures = list(draw_prediction(played(), height=80))
    height = TITLE_HEIGHT + 80 + GAP + STRIP_HEIGHT
    assert {picture.shape for picture in pictures} == {(height + height % 2, 120 + SIDE_WIDTH, 3)}
    for index, picture in enumerate(pictures):
        assert (picture[TITLE_HEIGHT:][:80, :120] == 20 + 10 * index).all()
        np.testing.assert_array_equal(
            picture[TITLE_HEIGHT:][:80, 120:], draw_bars(TOP, SIDE_WIDTH, 80)
        )
        strip = picture[TITLE_HEIGHT + 80 + GAP :][:STRIP_HEIGHT]
        cursor = np.flatnonzero((strip == CURSOR).all(axis=(0, 2)))
        x = round(index / 8 * (120 + SIDE_WIDTH))
        assert cursor.tolist() == [x, x + 1]
        wave = (strip[:20] == (122, 215, 240)).all(axis=2).sum(axis=0) > 3
        assert np.flatnonzero(wave)[0] == pytest.approx((120 + SIDE_WIDTH) / 2, abs=2)


def test_bars_are_as_long_as_probabilities():
    picture = draw_bars(TOP, 224, 200)
    inner = 224 - 2 * SIDE_MARGIN
    for colour, share in ((BEST, 0.75), (OTHERS, 0.125)):
        columns = np.flatnonzero((picture == colour).all(axis=2).any(axis=0))
        assert (columns[0], len(columns)) == (SIDE_MARGIN, round(inner * share))
    rows = (picture == TROUGH).all(axis=2).sum(axis=1)
    assert set(rows) == {0, round(0.25 * inner), round(0.875 * inner), inner}
    words = np.flatnonzero((picture < 100).all(axis=2).any(axis=0))
    assert words[0] >= SIDE_MARGIN - 1
    assert words[-1] <= 224 - SIDE_MARGIN
    assert draw_bars(TOP * 9, 224, 80).shape == (80, 224, 3)


def test_maps_are_those_of_the_nearest_time_and_constant_ones_are_not_drawn():
    corner = np.zeros((5, 5))
    corner[0, 0] = 1
    maps = np.stack([corner, corner[::-1, ::-1], np.full((5, 5), 0.3)])
    made = played(maps=maps, map_times=np.array([0.0, 1.0, 1.9]))
    frames = [p[TITLE_HEIGHT:][:40, :60] for p in draw_prediction(made, height=40)]
    for index, which in enumerate([0, 0, 0, 1, 1, 1, None, None]):
        frame = np.full((1, 40, 60, 3), 20 + 10 * index, np.uint8)
        if which is not None:
            frame = overlay_heatmap(frame, maps[which : which + 1])
        np.testing.assert_array_equal(frames[index], frame[0])


def test_a_map_is_coloured_once(monkeypatch):
    corner = np.zeros((2, 5, 5))
    corner[:, 0, 0] = 1
    coloured, colour = [], prediction_video.heatmap_colours
    monkeypatch.setattr(
        prediction_video, 'heatmap_colours', lambda *args: coloured.append(1) or colour(*args)
    )
    made = played(num_frames=8, maps=corner, map_times=np.array([0.0, 1.0]))
    assert len(list(draw_prediction(made, height=40))) == 8
    assert len(coloured) == 2


@pytest.mark.parametrize(
    ('size', 'drawn'),
    [
        ((720, 1280), (288, 512)),
        ((60, 80), (288, 384)),
        ((1280, 720), (288, 162)),
        ((50, 1600), (32, 1024)),
        ((33, 999), (34, 1024)),
        ((1, 4000), (1, 1024)),
        ((4000, 1), (288, 1)),
    ],
)
def test_size_of_what_is_drawn_is_kept(size, drawn):
    assert drawn_size(*size) == drawn
    assert drawn_size(*drawn) == drawn


def test_frames_of_two_sizes_are_drawn_in_that_of_the_first():
    made = played(num_frames=2)
    made.frames = [np.full((40, 60, 3), 20, np.uint8), np.full((80, 30, 3), 90, np.uint8)]
    first, second = draw_prediction(made, height=40)
    assert first.shape == second.shape
    assert (second[TITLE_HEIGHT:][:40, :60] == 90).all()


def test_what_is_said_of_maps():
    corner = np.zeros((2, 5, 5))
    corner[1, 0, 0] = 1
    same, times = np.full((2, 5, 5), 0.3), np.array([0.0, 1.0])
    silence = np.zeros(32000, np.float32)
    for note, maps, others in [
        ('', None, {}),
        (MAP_NOTE, corner, {}),
        (MAP_NOTE, corner, dict(sound=silence)),  # of a localizer that does not listen
        (NO_MAP_NOTE, same, {}),
        (NO_SOUND_NOTE, same, dict(sound=silence)),
        (NO_SOUND_NOTE, same, dict(sound=None, logmel=None)),
    ]:
        made = played(maps=maps, map_times=times, **others)
        picture = next(draw_prediction(made, height=160))
        side = picture[TITLE_HEIGHT:][:160, 240:]
        np.testing.assert_array_equal(side, draw_bars(TOP, SIDE_WIDTH, 160, note))


def test_a_very_wide_video_has_black_above_and_below():
    maps = np.zeros((1, 5, 5))
    maps[0, 0, 0] = 1
    made = played(side=(50, 50 * 32), maps=maps, map_times=np.zeros(1))
    picture = next(draw_prediction(made, height=101))
    assert picture.shape[1] == MAX_WIDTH + SIDE_WIDTH
    shown = picture[TITLE_HEIGHT:][:101, :MAX_WIDTH]
    assert not shown[:34].any()
    assert not shown[-35:].any()
    assert shown[34:-35].any(axis=(1, 2)).all()
    frame = np.full((1, 32, MAX_WIDTH, 3), 20, np.uint8)
    np.testing.assert_array_equal(shown[34:-35], overlay_heatmap(frame, maps)[0])


@pytest.mark.parametrize('side', [(40, 60), (35, 33), (64, 20)])
def test_file_is_played_with_the_sound_in_time(tmp_path, side):
    path = tmp_path / 'new/a.mp4'
    save_prediction_video(path, played(side=side), height=72)
    with av.open(str(path)) as container:
        [video], [audio] = container.streams.video, container.streams.audio
        assert (video.codec_context.name, audio.codec_context.name) == ('h264', 'aac')
    video, sound = VideoFile(str(path)), AudioFile(str(path))
    np.testing.assert_allclose(video.clock.times, np.arange(8) / 4, atol=1e-4)
    shown = video.frames(np.arange(8))[:, TITLE_HEIGHT + 36, 5, 0]
    np.testing.assert_allclose(shown, 20 + 10 * np.arange(8), atol=3)
    loud = np.flatnonzero(np.abs(sound.window(0, 2)) > 0.1) / 16000
    assert (loud[0], loud[-1]) == (pytest.approx(1, abs=0.01), pytest.approx(1.1, abs=0.01))


def test_no_sound(tmp_path):
    save_prediction_video(tmp_path / 'a.mp4', played(sound=None, logmel=None), height=40)
    assert not AudioFile(str(tmp_path / 'a.mp4')).has_audio
    frame = VideoFile(str(tmp_path / 'a.mp4')).frames(np.array([0]))[0]
    assert frame.shape[0] == TITLE_HEIGHT + 40


def test_very_short_log_mels_fill_the_strip():
    made = played(num_frames=1, fps=10, logmel=np.zeros((1, 8)), sound=np.zeros(1600, np.float32))
    [picture] = draw_prediction(made, height=40)
    assert picture.shape[1] == 60 + SIDE_WIDTH


def test_examples():
    assert doctest.testmod(prediction_video).failed == 0
