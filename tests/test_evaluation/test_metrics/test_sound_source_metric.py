import json

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from mmavssl.evaluation.metrics import SoundSourceMetric
from mmavssl.registry import METRICS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import DataError

SIZE = 224


@pytest.fixture
def evaluate(tmp_path):
    """Return a function that scores maps (h, w) by name against boxes by name."""

    def evaluate(maps, boxes, consensus=1):
        (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
        evaluator = Evaluator(
            METRICS.build(
                dict(
                    type='SoundSourceMetric',
                    boxes_file=str(tmp_path / 'boxes.json'),
                    consensus=consensus,
                )
            )
        )
        evaluator.process([sample(name, heatmap) for name, heatmap in maps.items()])
        result = evaluator.evaluate(len(maps))
        return {name.removeprefix('localization/'): value for name, value in result.items()}

    return evaluate


def sample(name, heatmap):
    result = AVDataSample(metainfo={'video_path': f'videos/frames/{name}.jpg'})
    result.set_field(torch.as_tensor(heatmap).float()[None, None], 'heatmap')
    return result


def drawn(x1, y1, x2, y2):
    """A map of full size that is high in a box of pixels and lower outside, without ties."""
    heatmap = np.linspace(0, 0.1, SIZE * SIZE).reshape(SIZE, SIZE)
    heatmap[y1:y2, x1:x2] += 1
    return heatmap


LEFT = [0.0, 0.0, 0.5, 1.0]  # half of the frame, what the protocol marks
RIGHT = [0.5, 0.0, 1.0, 1.0]


def test_map_on_the_box(evaluate):
    result = evaluate({'a': drawn(0, 0, 112, 224)}, {'a': [LEFT]})
    assert result == {'ciou': 100, 'auc': 100, 'mean_ciou': 100, 'pointing': 100}
    result = evaluate({'a': drawn(0, 0, 112, 224)}, {'a': [RIGHT]})
    assert result == {'ciou': 0, 'auc': 2.5, 'mean_ciou': 0, 'pointing': 0}


def test_small_box_cannot_pass(evaluate):
    """A quarter of the marked half lies in it: the marks outside count."""
    result = evaluate({'a': drawn(0, 0, 112, 112)}, {'a': [[0, 0, 0.25, 0.5]]})
    assert result['mean_ciou'] == pytest.approx(25)
    assert (result['ciou'], result['pointing']) == (0, 0)  # the maximum is at its lower right


def test_one_annotator_counts_half(evaluate):
    """0.5 of truth found on each pixel of the box, and nothing marked outside: still 1."""
    maps = {'a': drawn(0, 0, 112, 224)}
    assert evaluate(maps, {'a': [LEFT]}, consensus=2)['mean_ciou'] == 100
    # Two agree on the upper left quarter, one marks the right half, and the map the left one. In
    # quarters of the frame: 1 is found, the truth sums up to 1 + 2 x 0.5, and 1 is found outside.
    boxes = [[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5], RIGHT]
    result = evaluate(maps, {'a': boxes}, consensus=2)
    assert result['mean_ciou'] == pytest.approx(100 / 3)
    assert evaluate(maps, {'a': boxes}, consensus=1)['mean_ciou'] == pytest.approx(100 / 4)


def test_constant_map_marks_everything(evaluate):
    result = evaluate({'a': np.full((7, 7), 0.3)}, {'a': [LEFT]})
    assert result['mean_ciou'] == pytest.approx(50)
    assert result['ciou'] == 100
    assert result['pointing'] == 100  # its middle is on the border of the box


def test_maps_that_are_not_finite_are_misses(evaluate, monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmavssl.evaluation.metrics.broken_maps.print_log',
        lambda message, **_: messages.append(message),
    )
    nan, infinite = np.full((7, 7), 0.3), np.full((7, 7), 0.3)
    nan[3, 3], infinite[0, 0] = np.nan, -np.inf
    maps = {'a': drawn(0, 0, 112, 224), 'b': nan, 'c': infinite, 'd': np.full((7, 7), np.nan)}
    whole = [0.0, 0.0, 1.0, 1.0]
    result = evaluate(maps, {'a': [LEFT], 'b': [whole], 'c': [whole], 'd': [[0, 1, 1, 1]]})
    assert (result['ciou'], result['mean_ciou'], result['pointing']) == (25, 25, 25)
    assert result['auc'] == pytest.approx(25 + 75 * 0.025)
    assert messages == [
        '3 of 4 localization maps were not finite (NaN or infinite) and count as misses.'
    ]


def test_empty_box_is_a_miss(evaluate):
    """VGG-SS has boxes without area."""
    result = evaluate({'a': drawn(0, 0, 112, 224)}, {'a': [[0.25, 1.0, 0.75, 1.0]]})
    assert result == {'ciou': 0, 'auc': 2.5, 'mean_ciou': 0, 'pointing': 0}


def test_shares_of_samples(evaluate):
    good, bad = drawn(0, 0, 112, 224), drawn(112, 0, 224, 224)
    result = evaluate(dict(a=good, b=bad, c=good, d=good), {name: [LEFT] for name in 'abcd'})
    assert result['ciou'] == result['pointing'] == result['mean_ciou'] == 75
    assert result['auc'] == pytest.approx(75 + 25 * 0.025)  # all pass the threshold 0


def interpolated(heatmap):
    """Bilinear with the corners on the corners, pixel by pixel."""
    rows, columns = heatmap.shape
    out = np.empty((SIZE, SIZE))
    for i in range(SIZE):
        for j in range(SIZE):
            y, x = i * (rows - 1) / (SIZE - 1), j * (columns - 1) / (SIZE - 1)
            y0, x0 = min(int(y), rows - 2), min(int(x), columns - 2)
            dy, dx = y - y0, x - x0
            above = (1 - dx) * heatmap[y0, x0] + dx * heatmap[y0, x0 + 1]
            below = (1 - dx) * heatmap[y0 + 1, x0] + dx * heatmap[y0 + 1, x0 + 1]
            out[i, j] = (1 - dy) * above + dy * below
    return (out - out.min()) / (out.max() - out.min())


def slow_ciou(heatmap, boxes, consensus):
    fine = interpolated(heatmap)
    marked = fine >= np.sort(fine.ravel())[SIZE * SIZE // 2]
    truth = np.zeros((SIZE, SIZE))
    for box in boxes:
        x1, y1, x2, y2 = (int(min(max(value, 0), 1) * SIZE) for value in box)
        truth[y1:y2, x1:x2] += 1
    truth = np.minimum(truth / consensus, 1)
    return (marked * truth).sum() / (truth.sum() + (marked & (truth == 0)).sum())


@pytest.mark.parametrize('consensus', [1, 2])
def test_equals_an_independent_computation(evaluate, consensus):
    rng = np.random.default_rng(0)
    maps = {f'{number}': rng.uniform(-1, 1, (7, 7)).cumsum(axis=1) for number in range(6)}
    boxes = {}
    for name in maps:
        corners = rng.uniform(-0.1, 1.1, (int(name) % 3 + 1, 2, 2))
        corners.sort(axis=1)
        boxes[name] = corners.reshape(-1, 4).tolist()
    expected = np.array([slow_ciou(maps[name], boxes[name], consensus) for name in maps])
    result = evaluate(maps, boxes, consensus)
    assert result['mean_ciou'] == pytest.approx(100 * expected.mean(), abs=0.01)
    assert result['ciou'] == pytest.approx(100 * (expected >= 0.5).mean())
    rates = np.array([(expected >= 0.05 * step).mean() for step in range(21)])
    assert result['auc'] == pytest.approx(100 * 0.05 * ((rates[1:] + rates[:-1]) / 2).sum())


def test_pixels_of_flickr_boxes(tmp_path):
    """Shares of 256 pixels give int(224 x / 256), as the official code has it."""
    for x in range(257):
        (tmp_path / 'boxes.json').write_text(json.dumps({'a': [[0, 0, x / 256, 1]]}))
        metric = SoundSourceMetric(str(tmp_path / 'boxes.json'), consensus=2)
        metric.process(None, [sample('a', np.ones((2, 2))).to_dict()])
        (ciou, *_), width = metric.results[0], int(224 * x / 256)
        assert ciou == pytest.approx(width / 2 / (width / 2 + 224 - width) if width else 0)


def test_what_is_missing_is_named(tmp_path):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps({'a': [LEFT]}))
    metric = SoundSourceMetric(str(path))
    with pytest.raises(
        DataError, match=r"boxes\.json has no boxes of 'b' \(videos/frames/b\.jpg\)"
    ):
        metric.process(None, [sample('b', np.ones((7, 7))).to_dict()])
    with pytest.raises(
        DataError, match=r'a\.jpg: expected a heatmap \(1, 1, h, w\), but got none'
    ):
        metric.process(None, [{'video_path': 'a.jpg'}])
    clips = {'video_path': 'a.jpg', 'heatmap': torch.ones(1, 4, 7, 7)}
    with pytest.raises(DataError, match=r'but got one of shape \(1, 4, 7, 7\)\. Test a'):
        metric.process(None, [clips])
    with pytest.raises(ValueError, match=r'`consensus` to be 2 \(Flickr-SoundNet\) or 1 .* got 3'):
        SoundSourceMetric(str(path), consensus=3)
    with pytest.raises(DataError, match='no box file'):
        SoundSourceMetric(str(tmp_path / 'absent.json'))


def test_nothing_to_evaluate(tmp_path):
    (tmp_path / 'boxes.json').write_text('{}')
    metric = SoundSourceMetric(boxes_file=str(tmp_path / 'boxes.json'))
    with pytest.raises(DataError, match=r'Expected test frames with boxes of .*boxes\.json'):
        metric.compute_metrics([])
