import numpy as np
import pytest

from mmavssl.datasets.transforms import SampleClip


class Video:
    def __init__(self, num_frames, fps, start_time=0.0):
        self.num_frames, self.fps, self.start_time = num_frames, fps, start_time


def sample(video, **kwargs):
    return SampleClip(**kwargs)({'video_file': video})


def test_paper_clip_takes_every_eighth_frame_at_30_fps():
    out = sample(Video(100, 30.0), mode='uniform')
    assert out['frame_inds'].tolist() == [[18, 26, 34, 42, 50, 58, 66, 74]]
    np.testing.assert_allclose(out['clip_times'], [[18 / 30, 82 / 30]])


def test_span_is_the_same_time_at_another_rate():
    out = sample(Video(100, 25.0), num_clips=2, mode='uniform')
    assert out['frame_inds'][0].tolist() == [0, 6, 13, 20, 26, 33, 40, 46]
    assert np.diff(out['clip_times'], axis=1).ravel() == pytest.approx([64 / 30] * 2)


def test_five_clips_cover_the_video_evenly():
    out = sample(Video(264, 30.0), num_clips=5, mode='uniform')
    assert out['frame_inds'][:, 0].tolist() == [0, 50, 100, 150, 200]


def test_short_video_repeats_its_last_frame():
    out = sample(Video(20, 30.0))
    assert out['frame_inds'].tolist() == [[0, 8, 16, 19, 19, 19, 19, 19]]


def test_random_clips_stay_inside_and_reach_both_ends():
    np.random.seed(0)
    starts = [sample(Video(80, 30.0))['frame_inds'][0] for _ in range(300)]
    first = np.array([inds[0] for inds in starts])
    assert first.min() == 0
    assert first.max() >= 15
    assert max(inds[-1] for inds in starts) <= 79


def test_segment_of_a_file():
    results = {'video_file': Video(300, 30.0, start_time=0.5), 'start': 2.0, 'end': 6.0}
    out = SampleClip(num_clips=2, mode='uniform')(results)
    assert out['frame_inds'][0, 0] == 60
    assert out['frame_inds'].max() < 180
    assert out['clip_times'][0, 0] == pytest.approx(2.5)


def test_bad_arguments():
    with pytest.raises(ValueError, match='clip_len'):
        SampleClip(clip_len=0)
    with pytest.raises(ValueError, match='mode'):
        SampleClip(mode='center')
