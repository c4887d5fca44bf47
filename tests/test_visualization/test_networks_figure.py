from itertools import pairwise

import numpy as np
import pytest

from mmavssl.evaluation.functional.accuracy import Agreement
from mmavssl.visualization import networks_figure
from mmavssl.visualization.networks_figure import draw_networks

CLASSES = ['cat', 'dog', 'horn']
CONFUSIONS = {
    'student': np.array([[3, 1, 0, 0], [0, 2, 0, 2], [0, 0, 0, 0]]),
    'teacher': np.array([[4, 0, 0, 0], [1, 1, 2, 0], [0, 0, 0, 0]]),
}
AGREEMENT = Agreement(both_right=4, only_first=1, only_second=1, same_mistake=0, other_mistakes=2)


@pytest.fixture
def drawn(monkeypatch):
    """Return a function that draws, and gives the figure and its picture."""
    kept = []
    to_picture = networks_figure.to_picture
    monkeypatch.setattr(
        networks_figure, 'to_picture', lambda figure: kept.append(figure) or to_picture(figure)
    )

    def draw(*args):
        picture = draw_networks(*args)
        return kept[-1], picture

    return draw


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_bars_are_the_accuracy_of_both_in_each_class(drawn):
    figure, picture = drawn(CONFUSIONS, AGREEMENT, CLASSES)
    assert picture.dtype == np.uint8
    _, axes = figure.axes
    student, teacher = ([bar.get_height() for bar in bars] for bars in axes.containers)
    assert np.array_equal(student, [75, 50, np.nan], equal_nan=True)
    assert np.array_equal(teacher, [100, 25, np.nan], equal_nan=True)
    centers = [[bar.get_center()[0] for bar in bars][:2] for bars in axes.containers]
    assert np.allclose(centers, [[-0.2, 0.8], [0.2, 1.2]])
    assert legend(axes) == ['student: 62.5 % right', 'teacher: 62.5 % right']
    assert [label.get_text() for label in axes.get_xticklabels()] == CLASSES


def test_summary_tells_how_often_they_agree(drawn):
    figure, _ = drawn(CONFUSIONS, AGREEMENT, CLASSES)
    summary, _ = figure.axes
    assert summary.get_title(loc='left') == 'student and teacher agree on 50.0 % of 8 clips'
    assert [bar.get_width() for bar in summary.patches] == [50, 12.5, 12.5, 0, 25]
    assert [bar.get_x() for bar in summary.patches] == [0, 50, 62.5, 75, 75]
    assert legend(summary) == [
        'both right: 50.0 % (4)', 'only the student right: 12.5 % (1)',
        'only the teacher right: 12.5 % (1)', 'the same mistake: 0.0 % (0)',
        'different mistakes: 25.0 % (2)',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('count', 'rows'), [(8, 1), (51, 1), (61, 2), pytest.param(400, 7, marks=pytest.mark.slow)]
)
def test_all_classes_are_named_and_no_words_lie_over_others(drawn, count, rows):
    classes = [f'{index} is a class with quite a long name' for index in range(count)]
    confusions = dict.fromkeys(('student', 'teacher'), np.eye(count))
    figure, picture = drawn(confusions, Agreement(count, 0, 0, 0, 0), classes)
    panels = figure.axes[1:]
    assert len(panels) == rows
    names = [label.get_text() for axes in panels for label in axes.get_xticklabels()]
    assert [name.split()[0] for name in names] == [str(index) for index in range(count)]
    height, width, _ = picture.shape
    assert width <= 1400
    for axes in panels:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert all(box.x1 < after.x0 for box, after in pairwise(boxes))
        assert axes.get_window_extent().height > 100
    parts = [part.get_tightbbox() for part in figure.axes]
    assert all(above.y0 > below.y1 for above, below in pairwise(parts))
    assert all(
        box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height for box in parts
    )


@pytest.mark.parametrize(
    ('confusions', 'words'),
    [
        ({'student': np.eye(3)}, r"two networks to compare, but got \['student'\]"),
        ({'student': np.eye(3), 'teacher': np.eye(2)}, r'each of 3 classes, but got \(2, 2\)'),
    ],
)
def test_errors(confusions, words):
    with pytest.raises(ValueError, match=words):
        draw_networks(confusions, AGREEMENT, CLASSES)
