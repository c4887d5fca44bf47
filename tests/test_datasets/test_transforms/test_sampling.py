import numpy as np
import pytest

from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.datasets.transforms import SampleClip, SampleSegments
from mmavssl.utils.errors import DataError


class Video:
    def __init__(self, clock):
        self.clock = clock
        self.requested = None

    def request(self, indices):
        self.requested = indices


def video(num_frames, fps, start=0.0):
    return Video(FrameClock([start + i / fps for i in range(num_frames)], fps))


def sample(file, part=None, **kwargs):
    return SampleClip(**kwargs)({'video_file': file, 'video_path': 'a.mp4', **(part or {})})


def test_paper_clip_takes_every_eighth_frame_at_30_fps():
    out = sample(video(100, 30.0), mode='uniform')
    assert out['frame_inds'].tolist() == [[18, 26, 34, 42, 50, 58, 66, 74]]
    np.testing.assert_allclose(out['clip_times'], [[18 / 30, 82 / 30]])


def test_span_is_the_same_time_at_another_rate():
    out = sample(video(100, 25.0), num_clips=2, mode='uniform')
    assert out['frame_inds'][0].tolist() == [0, 6, 13, 20, 26, 33, 40, 46]
    assert np.diff(out['clip_times'], axis=1).ravel() == pytest.approx([64 / 30] * 2)


def test_interval_counts_frames_of_the_file_on_demand():
    out = sample(video(100, 25.0), num_clips=2, mode='uniform', target_fps=None)
    assert out['frame_inds'].tolist() == [list(range(0, 64, 8)), list(range(36, 100, 8))]
    np.testing.assert_allclose(out['clip_times'], [[0, 2.56], [1.44, 4.0]])


def test_five_clips_cover_the_video_evenly():
    out = sample(video(264, 30.0), num_clips=5, mode='uniform')
    assert out['frame_inds'][:, 0].tolist() == [0, 50, 100, 150, 200]
    assert out['frame_inds'][-1, -1] == 256


def test_short_video_repeats_its_last_frame():
    for mode in ('random', 'uniform'):
        out = sample(video(20, 30.0), mode=mode)
        assert out['frame_inds'].tolist() == [[0, 8, 16, 19, 19, 19, 19, 19]]
        np.testing.assert_allclose(out['clip_times'], [[0, 64 / 30]])


def test_random_clips_stay_inside_and_reach_both_ends():
    np.random.seed(0)
    clips = sample(video(80, 30.0), num_clips=400)['frame_inds']
    assert clips[:, 0].min() == 0
    assert clips[:, 0].max() == 15
    assert clips.max() == 71
    assert (np.diff(clips, axis=1) == 8).all()
    counts = np.bincount(clips[:, 0], minlength=16)
    assert counts.min() > 8


def test_random_clips_follow_the_seed():
    file = video(300, 30.0)
    draws = []
    for seed in (0, 0, 1):
        np.random.seed(seed)
        draws.append(sample(file)['clip_times'].tolist())
    assert draws[0] == draws[1] != draws[2]


def test_variable_rate_gives_the_frames_that_are_shown_at_equal_steps():
    times = [0.0, 0.1, 0.2, 0.3, 1.3, 1.4, 1.5, 2.5, 2.6, 3.6]
    clock = FrameClock(times, 10)
    out = sample(
        Video(clock), clip_len=8, frame_interval=4, num_clips=2, mode='uniform', target_fps=10
    )
    span = 3.2
    moments = np.arange(8) * 0.4 + np.array([[0.0], [clock.duration - span]])
    expected = [[max(i for i, t in enumerate(times) if t <= m) for m in row] for row in moments]
    assert out['frame_inds'].tolist() == expected
    assert out['frame_inds'][0].tolist() == [0, 3, 3, 3, 6, 6, 6, 8]
    np.testing.assert_allclose(np.diff(out['clip_times'])[:, 0], span)


def test_part_of_a_file():
    part = {'start': 2.0, 'end': 6.0}
    out = sample(video(300, 30.0, start=0.5), part, num_clips=2, mode='uniform')
    assert out['frame_inds'].tolist() == [list(range(60, 124, 8)), list(range(116, 180, 8))]
    np.testing.assert_allclose(out['clip_times'][:, 0], [2.0, 6.0 - 64 / 30])
    np.random.seed(0)
    clips = sample(video(300, 30.0), part, num_clips=300)['frame_inds']
    assert clips.min() == 60
    assert 170 <= clips.max() < 180


def test_part_shorter_than_the_clip_repeats_its_own_last_frame():
    out = sample(video(300, 30.0), {'start': 2.0, 'end': 3.0})
    assert out['frame_inds'].tolist() == [[60, 68, 76, 84, 89, 89, 89, 89]]


def test_end_beyond_the_video_is_the_end_of_the_video():
    file = video(100, 30.0)
    beyond = sample(file, {'start': 1.0, 'end': 50.0}, mode='uniform', num_clips=3)
    no_end = sample(file, {'start': 1.0, 'end': None}, mode='uniform', num_clips=3)
    np.testing.assert_array_equal(beyond['frame_inds'], no_end['frame_inds'])
    assert beyond['frame_inds'].max() == 92


@pytest.mark.parametrize(
    ('part', 'named'),
    [
        ({'start': 4.0}, 'from 4.0 s to the end'),
        ({'start': 9.0, 'end': 12.0}, 'from 9.0 s to 12.0 s'),
        ({'start': 2.0, 'end': 1.0}, 'from 2.0 s to 1.0 s'),
        ({'start': 0.0, 'end': 0.0}, 'from 0.0 s to 0.0 s'),
        ({'start': -1.0}, 'from -1.0 s to the end'),
    ],
)
def test_part_that_is_not_in_the_video(part, named):
    with pytest.raises(DataError) as caught:
        sample(video(100, 25.0), part)
    assert str(caught.value).startswith('a.mp4 lasts 4.00 s, but the list names its part ' + named)


@pytest.mark.parametrize(
    'bad',
    [
        {'clip_len': 0}, {'frame_interval': 0}, {'num_clips': 0}, {'mode': 'center'},
        {'target_fps': 0},
    ],
)  # fmt: skip
def test_bad_arguments(bad):
    name, value = next(iter(bad.items()))
    with pytest.raises(ValueError, match=f'Expected `{name}` to be .*, but got {value!r}'):
        SampleClip(**bad)


def test_frames_from_end_to_end_of_the_span():
    """SVFormer's code: every 9th frame at 30 fps, and at 25 fps those of its fact sheet."""
    out = sample(video(64, 30.0), spread='ends')
    assert out['frame_inds'].tolist() == [[0, 9, 18, 27, 36, 45, 54, 63]]
    out = sample(video(53, 25.0), spread='ends')
    assert out['frame_inds'].tolist() == [[0, 7, 14, 22, 29, 37, 44, 52]]
    out = sample(video(200, 30.0), mode='uniform', num_clips=2, spread='ends')
    assert out['frame_inds'][1].tolist() == [136 + 9 * i for i in range(8)]


def test_clips_at_the_begins_of_equal_segments():
    out = sample(video(264, 30.0), num_clips=5, mode='segments')
    assert out['frame_inds'][:, 0].tolist() == [0, 40, 80, 120, 160]
    out = sample(video(264, 30.0), mode='segments')
    assert out['frame_inds'][0, 0] == 0


def test_unknown_spread():
    with pytest.raises(ValueError, match=r"`spread` .* got 'even'"):
        SampleClip(spread='even')


def segments(file, part=None, **kwargs):
    results = {'video_file': file, 'video_path': 'a.mp4', **(part or {})}
    return SampleSegments(**kwargs)(results)


def test_segments_are_centered_in_tests():
    out = segments(video(80, 20.0), mode='center')
    assert out['frame_inds'].tolist() == [[5, 15, 25, 35, 45, 55, 65, 75]]
    np.testing.assert_allclose(out['clip_times'], [[0, 4]])


def test_each_frame_comes_from_its_segment():
    np.random.seed(0)
    file = video(80, 20.0)
    draws = np.concatenate([segments(file, clip_len=4)['frame_inds'] for _ in range(200)])
    assert draws.min(axis=0).tolist() == [0, 20, 40, 60]
    assert draws.max(axis=0).tolist() == [19, 39, 59, 79]
    assert file.requested.shape == (1, 4)


def test_segments_of_a_short_video_repeat_frames():
    assert segments(video(2, 20.0), clip_len=4, mode='center')['frame_inds'].tolist() == [
        [0, 0, 1, 1]
    ]


def test_segments_of_a_part():
    out = segments(video(80, 20.0), dict(start=1.0, end=3.0), clip_len=2, mode='center')
    assert out['frame_inds'].tolist() == [[30, 50]]
    with pytest.raises(ValueError, match=r"`mode` to be one of .*'middle'"):
        SampleSegments(mode='middle')
    with pytest.raises(DataError, match=r'lasts 4\.00 s'):
        segments(video(80, 20.0), dict(start=5.0))
