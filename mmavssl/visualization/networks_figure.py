"""Picture of two networks that were tested on the same clips."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from mmavssl.evaluation.functional.accuracy import Agreement
from mmavssl.visualization.class_figures import (
    MAX_NAMES,
    check_confusion,
    name_ticks,
    names_height,
    new_figure,
    picture_side,
    to_picture,
)

COLOURS = ('tab:blue', 'tab:orange')
BAR_WIDTH = 0.4
#: Of the summary with its legend, and of a row of bars without names of classes, in inches.
SUMMARY_HEIGHT, ROW_HEIGHT = 1.6, 2.0
MIN_WIDTH = 7


def draw_networks(
    confusions: Mapping[str, np.ndarray], agreement: Agreement, classes: Sequence[str]
) -> np.ndarray:
    """Draw how often two networks are right about each class, and how often about the same clip.

    Many classes take several rows.

    Args:
        confusions: of the two by their names, see `draw_confusion`.
        agreement: of the two, in this order.
        classes: C names.

    Returns:
        RGB picture, uint8 (height, width, 3).

    Raises:
        ValueError: not two networks, or a confusion of another shape.
    """
    if len(confusions) != 2:
        raise ValueError(f'Expected two networks to compare, but got {list(confusions)}.')
    for confusion in confusions.values():
        check_confusion(confusion, classes)
    rows = -(-len(classes) // MAX_NAMES)
    length = -(-len(classes) // rows)  # of a row
    row_height = ROW_HEIGHT + names_height([max(classes, key=len)])
    heights = [SUMMARY_HEIGHT] + rows * [row_height]
    figure = new_figure(max(picture_side(length), MIN_WIDTH), sum(heights))
    summary, *panels = figure.subplots(rows + 1, 1, height_ratios=heights)
    draw_agreement(summary, agreement, list(confusions))
    for row, axes in enumerate(panels):
        shown = slice(row * length, (row + 1) * length)
        for side, (network, confusion) in enumerate(confusions.items()):
            share, all_classes = shares_right(np.asarray(confusion))
            places = np.arange(len(share[shown])) + (side - 0.5) * BAR_WIDTH
            label = f'{network}: {all_classes:.1f} % right'
            axes.bar(places, share[shown], BAR_WIDTH, color=COLOURS[side], label=label)
        axes.set(
            xlim=(-0.7, length - 0.3), ylim=(0, 103), yticks=range(0, 101, 25), ylabel='right (%)'
        )
        axes.grid(axis='y', alpha=0.3)
        name_ticks(axes, list(classes[shown]))
    panels[0].legend(loc='lower left', bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    return to_picture(figure)


def shares_right(confusion: np.ndarray) -> tuple[np.ndarray, float]:
    """Return how many clips of each class are right (C,), nan without any, and of all, in %."""
    hits, clips = confusion.diagonal(), confusion.sum(axis=1)
    shares = np.full(len(clips), np.nan)
    np.divide(100 * hits, clips, where=clips > 0, out=shares)
    return shares, 100 * hits.sum() / max(clips.sum(), 1)


def draw_agreement(axes: Axes, agreement: Agreement, networks: Sequence[str]) -> None:
    """Draw a bar of all clips, divided by who is right about them."""
    first, second = networks
    parts = {
        'both right': 'tab:green',
        f'only the {first} right': COLOURS[0],
        f'only the {second} right': COLOURS[1],
        'the same mistake': 'tab:gray',
        'different mistakes': 'lightgray',
    }
    clips = max(sum(agreement), 1)
    begin = 0.0
    for (name, colour), count in zip(parts.items(), agreement, strict=True):
        share = 100 * count / clips
        axes.barh(0, share, left=begin, color=colour, label=f'{name}: {share:.1f} % ({count})')
        begin += share
    agree = 100 * (agreement.both_right + agreement.same_mistake) / clips
    axes.set_title(f'{first} and {second} agree on {agree:.1f} % of {sum(agreement)} clips',
                   fontsize='medium', loc='left')  # fmt: skip
    axes.set_axis_off()
    axes.set_xlim(0, 100)
    axes.legend(loc='upper left', bbox_to_anchor=(0, 0), ncols=2, frameon=False)
