import doctest

import numpy as np
import pytest

from mmavssl.apis import prediction_videos
from mmavssl.apis.inference_inputs import ClipInput, OpenInput, open_input
from mmavssl.apis.prediction_videos import frames_of, logmel_of, played_prediction, video_files
from mmavssl.datasets.readers.array_files import ArrayVideo
from mmavssl.datasets.transforms.kaldi_fbank import kaldi_fbank
from mmavssl.utils.errors import ConfigError
from tests.small_predictor import test_videos


def test_names_are_kept_apart(tmp_path):
    paths = ['x/a.mp4', 'y/A.avi', 'z/a_2.mp4', 's3://b/a.mp4', 'http://h/c%20d.mkv?k=a.mp4']
    names = [path.name for path in video_files(tmp_path, [ClipInput(path) for path in paths])]
    assert names == ['a.mp4', 'A_2.mp4', 'a_2_2.mp4', 'a_3.mp4', 'c d.mp4']
    odd = [ClipInput('../up/mine', {}), ClipInput('', {}), ClipInput('http://host', None)]
    assert [path.name for path in video_files(tmp_path, odd)] == [
        'mine.mp4', 'video.mp4', 'video_2.mp4',
    ]  # fmt: skip


def test_many_parts_of_one_file(tmp_path):
    clips = [ClipInput('a.mp4', start=float(second)) for second in range(2000)]
    names = [path.name for path in video_files(tmp_path, clips)]
    assert names == ['a.mp4', *(f'a_{number}.mp4' for number in range(2, 2001))]


def test_names_fit_into_a_file_system(tmp_path):
    name = 'é' * 127  # of two bytes each
    odd = [
        f'x/{name}.mp4', f'y/{name}.mp4', 'http://h/a%00b.mp4', 'http://h/%00', 'z/\udcff.mp4',
        'a\0c',
    ]  # fmt: skip
    files = video_files(tmp_path, [ClipInput(path) for path in odd])
    assert [path.stem for path in files] == [
        'é' * 100, f'{"é" * 100}_2', 'ab', 'video', '\udcff', 'ac',
    ]  # fmt: skip
    for path in files:
        path.touch()


def test_inputs_are_not_overwritten(tmp_path):
    clips = [ClipInput(str(tmp_path / 'b.avi')), ClipInput(str(tmp_path / 'x/../a.mp4'))]
    with pytest.raises(ConfigError, match=r'a\.mp4 is one of the files to predict'):
        video_files(tmp_path, clips)
    assert len(video_files(tmp_path / 'new', clips)) == 2
    heard = ClipInput(str(tmp_path / 'frames/a.mp4'), audio_path=str(tmp_path / 'sound/a.mp4'))
    with pytest.raises(ConfigError, match=r'sound/a\.mp4 is one of the files to predict'):
        video_files(tmp_path / 'sound', [heard])


def test_frames_come_in_portions(monkeypatch):
    frames = np.random.default_rng(0).integers(0, 256, (7, 4, 6, 3), np.uint8)
    monkeypatch.setattr(prediction_videos, 'MAX_BYTES', 3 * frames[0].nbytes)
    asked = []

    class Watched(ArrayVideo):
        def frames(self, indices):
            asked.append(np.ravel(indices).tolist())
            return super().frames(indices)

    shown = list(frames_of(Watched('v', frames, 5), range(1, 6)))
    np.testing.assert_array_equal(shown, frames[1:6])
    assert asked == [[1], [1, 2, 3], [4, 5]]


def test_what_one_pass_does_not_give_is_asked_for(monkeypatch):
    frames = np.random.default_rng(0).integers(0, 256, (7, 4, 6, 3), np.uint8)
    asked = []

    class Damaged(ArrayVideo):
        def play(self, shown, size_of):
            assert size_of(720, 1280) == (288, 512)
            yield from self.all_frames[shown[:3]]

        def frames(self, indices):
            asked.extend(indices.tolist())
            return super().frames(indices)

    shown = list(frames_of(Damaged('v', frames, 5), range(1, 6)))
    np.testing.assert_array_equal(shown, frames[1:6])
    assert asked == [3, 3, 4, 5]  # for its size, and as the neighbour of 4
    asked.clear()
    assert len(list(frames_of(Damaged('v', frames, 5), range(2, 5)))) == 3
    assert asked == []


def test_log_mels_of_pieces_are_those_of_the_whole(monkeypatch):
    sound = np.random.default_rng(0).standard_normal(9000).astype(np.float32)
    monkeypatch.setattr(prediction_videos, 'PIECE', 7)
    np.testing.assert_allclose(logmel_of(sound), kaldi_fbank(sound, 64), atol=1e-9)


@pytest.mark.parametrize('rate', [16000, 8000])
def test_a_file_with_its_sound(avsprites_root, rate):
    [path, *_] = test_videos(avsprites_root)
    results = open_input(OpenInput(audio='silence', sample_rate=rate), ClipInput(path))
    played = played_prediction(results, [('a', 0.5)])
    assert (played.title, played.duration) == (path.rpartition('/')[2], pytest.approx(3))
    assert len(played.times) == len(list(played.frames)) == 48
    assert len(played.sound) == 48000
    assert played.logmel.shape == (298, 64)
    assert played.maps is played.map_times is None


def test_a_part_of_a_file(avsprites_root):
    """Both ends are within a frame, which is shown from the begin and to the end of the part."""
    [path, *_] = test_videos(avsprites_root)
    clip = ClipInput(path, start=1.03, end=2.03)
    maps = np.zeros((2, 4, 4)), np.array([1.0, 1.5])
    played = played_prediction(open_input(OpenInput(audio='silence'), clip), [], maps)
    assert played.title.endswith('.mp4 (1.03 to 2.03 s)')
    assert played.duration == pytest.approx(1)
    whole = played_prediction(open_input(OpenInput(audio='silence'), ClipInput(path)), [])
    np.testing.assert_array_equal(list(played.frames), list(whole.frames)[16:33])
    assert played.times[:2].tolist() == pytest.approx([0, 17 / 16 - 1.03])
    assert played.times[-1] == pytest.approx(2 - 1.03)
    np.testing.assert_allclose(played.sound, whole.sound[16480:32480], atol=1e-5)
    assert played.map_times.tolist() == pytest.approx([0, 0.47])


def test_no_sound_or_next_to_none():
    frames = np.zeros((2, 8, 8, 3), np.uint8)
    for arrays in (
        {'video': frames, 'fps': 2},
        {'video': frames, 'fps': 200, 'audio': np.zeros(9), 'sample_rate': 16000},
    ):
        results = open_input(OpenInput(audio='silence'), ClipInput('a', arrays))
        played = played_prediction(results, [])
        assert played.sound is played.logmel is None


def test_examples():
    assert doctest.testmod(prediction_videos).failed == 0
