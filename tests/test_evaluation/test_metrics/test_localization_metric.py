import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from mmavssl.evaluation.metrics import LocalizationMetric
from mmavssl.registry import METRICS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import DataError

NUM_FRAMES = 12


@pytest.fixture
def boxes_file(tmp_path):
    """A box of 20 x 16 pixels in an 80 x 96 frame that moves right by 4 pixels a frame."""
    x = 4.0 * np.arange(NUM_FRAMES)
    boxes = np.stack([x, np.full(NUM_FRAMES, 32), x + 20, np.full(NUM_FRAMES, 48)], axis=1)
    np.savez(tmp_path / 'boxes_test.npz', clip_a=boxes.astype(np.float32))
    return str(tmp_path / 'boxes_test.npz')


def made(boxes_file, **kwargs):
    return METRICS.build(dict(type='LocalizationMetric', boxes_file=boxes_file, **kwargs))


def perfect_maps(frame_inds, crop_boxes, crops_per_clip, flip=False, side=32):
    """High where the box is in the crop, drawn pixel by pixel."""
    maps = torch.zeros(len(crop_boxes), frame_inds.shape[1], side, side)
    for view, (x1, y1, x2, _) in enumerate(crop_boxes):
        scale = (x2 - x1) / side
        for t, frame in enumerate(frame_inds[view // crops_per_clip]):
            for row in range(side):
                for column in range(side):
                    x = x1 + scale * ((side - 1 - column if flip else column) + 0.5)
                    y = y1 + scale * (row + 0.5)
                    maps[view, t, row, column] = float(
                        4 * frame <= x <= 4 * frame + 20 and 32 <= y <= 48
                    )
    return maps


def sample(heatmap, frame_inds, crop_boxes, **meta):
    metainfo = {
        'video_path': 'videos/test/clip_a.mp4',
        'frame_inds': frame_inds,
        'crop_box': np.array(crop_boxes),
        **meta,
    }
    result = AVDataSample(metainfo=metainfo)
    result.set_field(heatmap, 'heatmap')
    return result


def evaluate(metric, samples):
    evaluator = Evaluator(metric)
    evaluator.process(samples)
    return evaluator.evaluate(len(samples))


FRAMES = np.array([[0, 4], [5, 11]])
CROPS = [(0, 0, 80, 80), (8, 8, 72, 72)] * 2


@pytest.mark.parametrize('flip', [False, True])
def test_perfect_maps(boxes_file, flip):
    maps = perfect_maps(FRAMES, CROPS, crops_per_clip=2, flip=flip)
    result = evaluate(made(boxes_file), [sample(maps, FRAMES, CROPS, flip=flip)])
    assert result['localization/pointing'] == 100
    assert result['localization/ap50'] == 100
    assert result['localization/mean_ciou'] > 85
    # 20 x 16 pixels of 80 x 80, or what the crop of 64 x 64 leaves of them
    cut = [320 / 6400] * 4 + [12 * 16 / 4096, 320 / 4096, 320 / 4096, 320 / 4096]
    assert result['localization/box_share'] == pytest.approx(100 * np.mean(cut))


def test_wrong_place(boxes_file):
    maps = perfect_maps(FRAMES, CROPS, crops_per_clip=2).roll(16, dims=2)
    maps[..., 0, 0] = 2
    result = evaluate(made(boxes_file), [sample(maps, FRAMES, CROPS)])
    assert result['localization/pointing'] == 0
    assert result['localization/ap50'] == 0


def test_precision_of_masks(boxes_file):
    inds, crops = np.array([[1, 11]]), [(0, 0, 80, 80)]
    maps = perfect_maps(inds, crops, crops_per_clip=1)
    clip = sample(maps, inds, crops)
    mask = torch.zeros(1, 2, 4, 4, dtype=torch.bool)
    mask[0, 0, 1, 0] = mask[0, 0, 2, 0] = True  # columns 4 to 20 and rows 32 to 40 of the first
    mask[0, 1, 2, 2] = mask[0, 1, 0, 0] = True  # columns 44 to 60, rows 40 to 48; nothing
    clip.set_field(mask, 'mask')
    result = evaluate(made(boxes_file), [clip])
    first = (16 * 8 + 16 * 8) / 800
    second = 16 * 8 / 800
    assert result['localization/mask_precision'] == pytest.approx(50 * (first + second))
    without = evaluate(made(boxes_file), [sample(maps, inds, crops)])
    assert 'localization/mask_precision' not in without


@pytest.mark.parametrize('area', ['box', 'half'])
def test_maps_that_are_not_finite_are_misses(boxes_file, area, monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmavssl.evaluation.metrics.broken_maps.print_log',
        lambda message, **_: messages.append(message),
    )
    maps = perfect_maps(FRAMES, CROPS, crops_per_clip=2)
    whole = evaluate(made(boxes_file, area=area), [sample(maps[:1], FRAMES[:1], CROPS[:1])])
    assert not messages
    broken = torch.full((1, 2, 7, 7), 0.5)
    broken[0, 0, 3, 3] = torch.nan
    broken[0, 1, 0, 0] = torch.inf
    middle = np.array([[4, 4]])  # the box is in the middle of this crop
    clips = [sample(maps[:1], FRAMES[:1], CROPS[:1]), sample(broken, middle, [(10, 24, 42, 56)])]
    result = evaluate(made(boxes_file, area=area), clips)
    for name in ('pointing', 'mean_ciou', 'ap50'):
        name = f'localization/{name}'
        assert result[name] == pytest.approx(whole[name] / 2)
    assert messages == [
        '2 of 4 localization maps were not finite (NaN or infinite) and count as misses.'
    ]


def test_half_of_the_pixels_is_too_much_for_a_small_box(boxes_file):
    maps = perfect_maps(FRAMES, CROPS, crops_per_clip=2)
    maps += 0.1 * torch.rand(maps.shape, generator=torch.Generator().manual_seed(0))
    result = evaluate(made(boxes_file, area='half'), [sample(maps, FRAMES, CROPS)])
    assert result['localization/pointing'] == 100
    assert result['localization/mean_ciou'] == pytest.approx(
        2 * result['localization/box_share'], rel=0.1
    )


def test_frames_without_the_box_do_not_count(boxes_file):
    crops = [(40, 0, 80, 40)]  # frame 0: not visible; frame 10: half of its rows
    frames = np.array([[0, 10]])
    maps = torch.zeros(1, 2, 8, 8)
    maps[0, 1, 7, 1] = 1.0
    metric = made(boxes_file)
    result = evaluate(metric, [sample(maps, frames, crops)])
    assert result['localization/pointing'] == 100
    assert result['localization/box_share'] == pytest.approx(100 * 0.5 * 0.2)
    with pytest.raises(DataError, match='there are none'):
        evaluate(metric, [sample(maps[:, :1], frames[:, :1], crops)])


def test_what_is_missing_is_named(boxes_file):
    metric = made(boxes_file)
    with pytest.raises(DataError, match=r'clip_a\.mp4 has no heatmap, crop_box'):
        metric.process(None, [{'video_path': 'clip_a.mp4', 'frame_inds': FRAMES}])
    other = sample(torch.zeros(4, 2, 4, 4), FRAMES, CROPS).to_dict()
    with pytest.raises(DataError, match=r"no boxes of 'clip_b' \(clip_b\.mp4\)"):
        metric.process(None, [{**other, 'video_path': 'clip_b.mp4'}])


def test_wrong_arguments(boxes_file, tmp_path):
    with pytest.raises(ValueError, match='`area` to be one of'):
        LocalizationMetric(boxes_file, area='third')
    with pytest.raises(DataError, match=r'no box file .*absent\.npz'):
        LocalizationMetric(str(tmp_path / 'absent.npz'))
