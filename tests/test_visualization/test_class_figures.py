from itertools import pairwise

import numpy as np
import pytest

from mmavssl.visualization import class_figures
from mmavssl.visualization.class_figures import draw_class_bars, draw_confusion

CLASSES = ['cat', 'dog', 'horn']


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn."""
    kept = []

    def keep(figure):
        kept.append(figure)
        return to_picture(figure)

    to_picture = class_figures.to_picture
    monkeypatch.setattr(class_figures, 'to_picture', keep)
    return kept


def shown(figure):
    (axes,) = figure.axes
    return axes, np.asarray(axes.images[0].get_array())


def test_rows_of_a_confusion_are_shares_of_the_true_class(figures):
    picture = draw_confusion(np.array([[3, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]]), CLASSES)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    axes, share = shown(figures[0])
    assert share.tolist() == [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 0]]
    assert [text.get_text() for text in axes.texts] == ['3', '1', '2']
    assert [label.get_text() for label in axes.get_yticklabels()] == CLASSES


def test_scores_that_are_no_numbers_have_a_column_where_there_are_some(figures):
    draw_confusion(np.array([[3, 0, 0, 1], [0, 2, 0, 0], [0, 0, 5, 0]]), CLASSES)
    axes, share = shown(figures[0])
    assert share[0].tolist() == [0.75, 0, 0, 0.25]
    assert axes.get_xticklabels()[-1].get_text() == 'not finite'


def test_names_and_numbers_of_many_classes_are_left_out(figures):
    draw_confusion(np.eye(61), [str(index) for index in range(61)])
    axes, _ = shown(figures[0])
    assert not axes.texts
    assert len(axes.get_xticks()) < 61
    assert max(figures[0].get_size_inches()) <= 14


def test_bars(figures):
    draw_class_bars({'threshold': [0.3, 0.1, 0.2], 'count': [4, 0, 2]}, CLASSES)
    first, second = figures[0].axes
    assert [bar.get_height() for bar in first.patches] == [0.3, 0.1, 0.2]
    assert [bar.get_height() for bar in second.patches] == [4, 0, 2]
    assert second.get_title(loc='left') == 'count'


def test_a_class_without_a_value_has_no_bar(figures):
    draw_class_bars({'right (%)': np.array([50, np.nan, 0])}, CLASSES)
    (axes,) = figures[0].axes
    heights = [bar.get_height() for bar in axes.patches]
    assert np.array_equal(heights, [50, np.nan, 0], equal_nan=True)
    assert [(text.get_text(), text.get_position()) for text in axes.texts] == [('?', (1, 0))]


def test_scales_end_where_values_can_or_at_the_largest(figures):
    values = {'right (%)': [6, 0, 2], 'threshold': [0.3, 0.1, 0.2], 'count': [40, 0, 20]}
    draw_class_bars(values, CLASSES, {'right (%)': 100, 'threshold': 1})
    assert [axes.get_ylim() for axes in figures[0].axes] == [(0, 100), (0, 1), (0, 42)]


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ([0, 0, 0], 'all are 0'),
        ([0, np.nan, 0], 'all known are 0'),
        ([np.nan] * 3, 'none is known'),
        ([0, np.nan, 0.01], None),
    ],
)
@pytest.mark.parametrize('tops', [None, {'threshold': 1}])
def test_a_panel_without_bars_says_so(figures, values, words, tops):
    draw_class_bars({'threshold': values}, CLASSES, tops)
    (axes,) = figures[0].axes
    said = [text.get_text() for text in axes.texts if text.get_text() != '?']
    assert said == ([words] if words else [])
    assert axes.get_ylim()[1] == (1 if words or tops else 0.0105)


@pytest.mark.parametrize('count', [8, 51, 60])
def test_names_lie_apart_and_within_the_picture(figures, count):
    classes = [f'{index} is a class with quite a long name' for index in range(count)]
    confusion = draw_confusion(np.eye(count), classes)
    bars = draw_class_bars({'count': range(count), 'threshold': range(count)}, classes)
    for figure, picture in zip(figures, (confusion, bars), strict=True):
        check_names(figure, picture.shape)
        for axes in figure.axes:  # names leave them enough
            assert axes.get_window_extent().height > 100


def check_names(figure, shape):
    for axes in figure.axes:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
        for box, after in pairwise(boxes):
            assert box.x1 < after.x0
        assert all(box.y0 >= 0 and box.x0 >= 0 and box.x1 <= shape[1] for box in boxes)


@pytest.mark.parametrize(
    ('draw', 'words'),
    [
        (lambda: draw_confusion(np.eye(2), CLASSES), r'each of 3 classes, but got \(2, 2\)'),
        (lambda: draw_class_bars({'count': [1]}, CLASSES), "'count' to have 3 values.* got 1"),
        (lambda: draw_class_bars({}, CLASSES), 'got none'),
    ],
)
def test_errors(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()
