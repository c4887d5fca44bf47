from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmavssl.datasets import AVDataset
from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.datasets.transforms import (
    LoadAVClip,
    MultiView,
    OpenAVFile,
    PackAVInputs,
    PairFrames,
    SampleClip,
    TakeFrames,
    TemporalGradient,
)
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError

PIPELINES = Path(__file__).parents[3] / 'configs/_base_/pipelines'


class Video:
    def __init__(self, num_frames, fps=30.0):
        self.clock = FrameClock([i / fps for i in range(num_frames)], fps)
        self.requested = None

    def request(self, indices):
        self.requested = indices


def chosen(num_frames, **part):
    results = {'video_file': Video(num_frames), **part}
    return PairFrames()(SampleClip(mode='uniform')(results))


def test_each_frame_is_followed_by_the_next_one_of_the_file():
    out = chosen(100)
    first, second = out['frame_inds'][:, ::2], out['frame_inds'][:, 1::2]
    assert first.tolist() == [[18, 26, 34, 42, 50, 58, 66, 74]]
    assert (second == first + 1).all()
    assert out['video_file'].requested.tolist() == out['frame_inds'].tolist()


def test_last_frame_is_its_own_partner():
    assert chosen(20)['frame_inds'].tolist() == [[0, 1, 8, 9, 16, 17, *[19] * 10]]
    # Frame 15 begins at the end of the part, and frame 14 is its last one.
    part = chosen(100, start=0.0, end=0.5)['frame_inds']
    assert part.tolist() == [[0, 1, 8, 9, *[14] * 12]]


def test_several_clips_keep_their_own_pairs():
    results = {'video_file': Video(200), 'imgs': np.arange(32)}
    results = PairFrames()(SampleClip(num_clips=2, mode='uniform')(results))
    inds = results['frame_inds'].copy()
    assert inds.shape == (2, 16)
    out = TakeFrames()(dict(results))
    assert out['frame_inds'].tolist() == inds[:, ::2].tolist()
    assert out['imgs'].tolist() == list(range(0, 32, 2))


def test_gradient_equals_a_slow_one():
    """Of all pairs of bytes: rounded down, in [0, 255], without wrapping around."""
    first, second = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    imgs = np.stack([first, second])[..., None]
    pairs = {'imgs': imgs, 'frame_inds': np.array([[0, 1]]), 'frames_paired': True}
    out = TemporalGradient()(pairs)
    assert out['imgs'].dtype == np.uint8
    assert out['imgs'].shape == (1, 256, 256, 1)
    for x, y in ((0, 255), (255, 0), (7, 7), (10, 11), (11, 10), (200, 3)):
        expected = (x - y + 255) // 2
        assert out['imgs'][0, y, x, 0] == expected
    slow = (first.astype(int) - second + 255) // 2
    assert (out['imgs'][0, ..., 0] == slow).all()
    assert (np.diagonal(out['imgs'][0, ..., 0]) == 127).all()
    assert (imgs == np.stack([first, second])[..., None]).all()  # views share them


def test_views_of_a_file(make_video, numbers_of):
    """Frames, and gradients that tell in which direction the ramp of the test video changes."""
    results = {'video_path': str(make_video(fps=30)), 'sample_idx': 3, 'source': 'unlabeled'}
    pipeline = [
        OpenAVFile(audio=None), SampleClip(clip_len=4), PairFrames(), LoadAVClip(),
        MultiView(
            weak=[TakeFrames()], weak_gradient=[TemporalGradient()], strong=[TakeFrames()],
            strong_gradient=[TemporalGradient()],
        ),
        PackAVInputs(),
    ]  # fmt: skip
    for transform in pipeline:
        results = transform(results)
    views = results['inputs']
    assert set(views) == {'weak', 'strong', 'weak_gradient', 'strong_gradient'}
    for view in views.values():
        assert view['video'].shape == (3, 4, 48, 64)
        assert view['video'].dtype == torch.uint8
    assert torch.equal(views['weak']['video'], views['strong']['video'])
    assert torch.equal(views['weak_gradient']['video'], views['strong_gradient']['video'])
    numbers = numbers_of(views['weak']['video'].permute(1, 2, 3, 0).numpy())
    assert np.diff(numbers).tolist() == [8, 8, 8]
    # The lower half's green is 3 times the frame's number: 3 / 2 less than grey, and H.264.
    green = views['weak_gradient']['video'][1, :, 30:].float().mean().item()
    assert green == pytest.approx(127 - 1.5, abs=1.5)


@pytest.mark.parametrize('transform', [TakeFrames, TemporalGradient])
def test_pairs_are_needed_and_used_once(transform):
    single = {'imgs': np.zeros((2, 1, 1, 3), np.uint8), 'frame_inds': np.array([[0, 8]])}
    with pytest.raises(ConfigError, match='Put `PairFrames` after `SampleClip`'):
        transform()(single)
    once = transform()({**single, 'frames_paired': True})
    with pytest.raises(ConfigError, match='of which there are none'):
        transform()(once)


@pytest.fixture
def dataset(make_video, tmp_path):
    make_video('a.mp4', fps=16, size=(96, 72), seconds=4.0)
    (tmp_path / 'list.csv').write_text('path,label\na.mp4,0\n')
    (tmp_path / 'classes.txt').write_text('a\n')

    def make(name='video_gradient_64', key='gradient_unlabeled_pipeline', source='unlabeled'):
        pipeline = Config.fromfile(PIPELINES / f'{name}.py')[key]
        return AVDataset('list.csv', data_root=str(tmp_path), pipeline=pipeline, source=source)

    return make


def test_draws_follow_from_epoch_and_repeat(dataset):
    first, again = (dataset()[DrawIndex(0, 1, 0)]['inputs'] for _ in range(2))
    other = dataset()[DrawIndex(0, 1, 1)]['inputs']
    for name, view in first.items():
        assert torch.equal(view['video'], again[name]['video']), name
        assert not torch.equal(view['video'], other[name]['video']), name


@pytest.mark.parametrize('size', [64, 224])
def test_shipped_pipelines_share_window_crop_and_flip(dataset, size):
    """Undo nothing: where the augmentation is off, weak and strong are the same pictures."""
    data = dataset(f'video_gradient_{size}')
    multi = data.pipeline.transforms[-2]
    for name, transforms in multi.branches.items():
        multi.branches[name] = transforms[:1]
    sample = data[0]
    views = sample['inputs']
    assert set(views) == {'weak', 'strong', 'weak_gradient', 'strong_gradient'}
    assert torch.equal(views['weak']['video'], views['strong']['video'])
    assert torch.equal(views['weak_gradient']['video'], views['strong_gradient']['video'])
    assert views['weak']['video'].shape[-2:] == (size, size)
    assert not torch.equal(views['weak']['video'], views['weak_gradient']['video'])
    labeled = dataset(f'video_gradient_{size}', 'gradient_labeled_pipeline', 'labeled')[0]
    assert set(labeled['inputs']) == {'weak', 'weak_gradient'}


@pytest.mark.parametrize('size', [64, 224])
def test_strong_views_are_augmented_independently(dataset, size):
    """Given the same frames, both differ: they do not share what they draw."""
    data = dataset(f'video_gradient_{size}')
    branches = data.pipeline.transforms[-2].branches
    branches['strong_gradient'][0] = branches['strong'][0]
    draws = [data[DrawIndex(0, 0, repeat)]['inputs'] for repeat in range(2)]
    for one, other in combinations(('weak', 'strong', 'strong_gradient'), 2):
        # A single draw of operations may leave the frames as they are.
        assert any(not torch.equal(draw[one]['video'], draw[other]['video']) for draw in draws)
