"""Pictures with a place for each class: confusions and bars."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

#: With more classes than this their names would lie over each other.
MAX_NAMES = 60
#: With more, numbers in the cells would.
MAX_NUMBERS = 20
#: Of a name; a longer one is cut.
MAX_LETTERS = 28
#: In inches, of a name.
LETTER = 0.075
DPI = 100


def draw_confusion(confusion: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Draw a confusion matrix; colours are shares of each true class.

    Args:
        confusion: counts (C, C), or (C, C + 1) with a last column for scores that are no numbers;
            row: true class, column: predicted class.
        classes: C names.

    Returns:
        RGB picture, uint8 (height, width, 3).

    Raises:
        ValueError: another shape.
    """
    confusion = np.asarray(confusion)
    check_confusion(confusion, classes)
    names = list(classes)
    if confusion.shape[1] > len(classes):
        if confusion[:, -1].any():
            names.append('not finite')
        else:
            confusion = confusion[:, :-1]
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    side = picture_side(len(classes)) + names_height(names)
    figure = new_figure(side, side)
    axes = figure.add_subplot()
    axes.imshow(share, cmap='Blues', vmin=0, vmax=1)
    axes.set(xlabel='predicted class', ylabel='true class')
    name_ticks(axes, names, list(classes))
    if len(classes) <= MAX_NUMBERS:
        for (row, column), count in np.ndenumerate(confusion):
            if count:
                colour = 'white' if share[row, column] > 0.6 else 'black'
                axes.text(column, row, f'{count:g}', ha='center', va='center', color=colour)
    return to_picture(figure)


def check_confusion(confusion: np.ndarray, classes: Sequence[str]) -> None:
    """Raise a ValueError unless a confusion matrix is one of these classes."""
    shape = np.shape(confusion)
    if shape not in ((len(classes),) * 2, (len(classes), len(classes) + 1)):
        raise ValueError(
            f'Expected `confusion` to have a row and a column for each of {len(classes)} classes, '
            f'but got {shape}.'
        )


def draw_class_bars(
    values: Mapping[str, Sequence[float]],
    classes: Sequence[str],
    tops: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Draw a row of bars for each kind of value, one bar a class.

    Args:
        values: C values of at least 0, by what they are; nan where none is known, which is a
            question mark.
        classes: C names.
        tops: the most that values can be, by what they are, at which their scale ends; that of
            others, as counts are, ends at the largest one.

    Returns:
        RGB picture, uint8 (height, width, 3).

    Raises:
        ValueError: no values, or not one for each class.
    """
    if not values:
        raise ValueError('Expected values to draw, but got none.')
    height = 0.6 + 1.7 * len(values) + names_height(classes)
    figure = new_figure(picture_side(len(classes)), height)
    rows = figure.subplots(len(values), 1, squeeze=False, sharex=True)[:, 0]
    for axes, (name, row) in zip(rows, values.items(), strict=True):
        if len(row) != len(classes):
            raise ValueError(
                f'Expected {name!r} to have {len(classes)} values, one for each class, but got '
                f'{len(row)}.'
            )
        draw_bars(axes, np.asarray(row, dtype=float), (tops or {}).get(name))
        axes.set_title(name, fontsize='medium', loc='left')
    name_ticks(rows[-1], list(classes))
    return to_picture(figure)


def draw_bars(axes: Axes, values: np.ndarray, top: float | None = None) -> None:
    """Draw a bar for each value, and say so where no bar can be seen.

    Args:
        axes: to draw in.
        values: (C,), nan where none is known.
        top: where the scale ends, None for the largest value.
    """
    known = ~np.isnan(values)
    largest = values[known].max(initial=0)
    axes.bar(range(len(values)), values, width=0.8)
    axes.set(xlim=(-0.6, len(values) - 0.4), ylim=(0, top or 1.05 * largest or 1))
    axes.grid(axis='y', alpha=0.3)
    for place in np.flatnonzero(~known):
        axes.text(place, 0, '?', ha='center', va='bottom', color='gray')
    if largest == 0:
        which = 'all' if known.all() else 'all known'
        words = f'{which} are 0' if known.any() else 'none is known'
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha='center', va='center')


def new_figure(width: float, height: float) -> Figure:
    """Return a figure of that size, in inches, that no window shows."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout='constrained')
    FigureCanvasAgg(figure)
    return figure


def picture_side(num_classes: int) -> float:
    """Return how wide a picture of so many classes is, in inches."""
    return min(max(4.5, 1.5 + 0.3 * num_classes), 14)


def names_height(names: Sequence[str]) -> float:
    """Return what the names of classes take below a picture, in inches; too many are left out."""
    if len(names) > MAX_NAMES:
        return 0
    return LETTER * min(max(map(len, names)), MAX_LETTERS)


def name_ticks(axes: Axes, columns: list[str], rows: list[str] | None = None) -> None:
    """Write the names of classes at an axis, or their numbers where there are too many."""
    if len(columns) <= MAX_NAMES:
        names = [cut_name(name) for name in columns]
        axes.set_xticks(range(len(columns)), names, rotation=90, fontsize='small')
    if rows is not None and len(rows) <= MAX_NAMES:
        axes.set_yticks(range(len(rows)), [cut_name(name) for name in rows], fontsize='small')


def cut_name(name: str) -> str:
    """Return a name of at most `MAX_LETTERS`."""
    return name if len(name) <= MAX_LETTERS else f'{name[: MAX_LETTERS - 1]}…'


def to_picture(figure: Figure) -> np.ndarray:
    """Return a figure as an RGB picture, uint8 (height, width, 3)."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
