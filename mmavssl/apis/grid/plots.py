"""A plot of the results of a grid: a point for each seed, and means with deviations."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from mmavssl.apis.grid.grid_file import Grid
from mmavssl.apis.grid.records import Record
from mmavssl.apis.grid.tables import Values, top1
from mmavssl.utils.roles import ROLES

#: How far from the middle of its row a network is drawn.
OFFSET = 0.16
#: Entry of a picture that says what was drawn.
MARK = 'Results'


def plot_file(folder: Path, grid: str) -> Path:
    """Return where the plot of a grid is."""
    return folder / f'grid_{grid}.png'


def digest_of(grid: Grid, records: Sequence[Record]) -> str:
    """Return a hash of all that the plot of a grid shows."""
    shown = [
        grid.title,
        [(row.name, row.title) for row in grid.rows],
        [
            sorted(top1(records, row.name, network).items())
            for row in grid.rows
            for network in ROLES
        ],
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


def is_plot_of(path: Path, grid: Grid, records: Sequence[Record]) -> bool:
    """Whether a picture is there and shows these results."""
    if not path.exists():
        return False
    with Image.open(path) as picture:
        return picture.info.get(MARK) == digest_of(grid, records)


def draw_grid(grid: Grid, records: Sequence[Record], path: Path) -> None:
    """Draw the top-1 accuracies of student and teacher, a line for each row of the grid.

    Args:
        grid: with the rows.
        records: its results.
        path: picture to write; its folder is made if needed.
    """
    figure = Figure(figsize=(7.5, 1.2 + 0.55 * len(grid.rows)), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for number, network in enumerate(ROLES):
        for place, row in enumerate(grid.rows):
            label = network if place == 0 else None
            height = place + (2 * number - 1) * OFFSET
            draw_values(axes, top1(records, row.name, network), height, f'C{number}')
            axes.plot([], [], 'o', color=f'C{number}', label=label)
    axes.set_yticks(range(len(grid.rows)), [row.title or row.name for row in grid.rows])
    axes.set_ylim(len(grid.rows) - 0.5, -0.5)
    axes.set(xlabel='top-1 accuracy (%): seeds, mean ± standard deviation', title=grid.title)
    axes.grid(axis='x', alpha=0.3)
    axes.legend(fontsize='small')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={'Software': None, MARK: digest_of(grid, records)})


def draw_values(axes: Axes, values: Values, height: float, colour: str) -> None:
    """Draw the points of the seeds, and a bar for mean and deviation."""
    if not values:
        return
    found = [*values.values()]
    axes.plot(found, [height] * len(found), 'o', color=colour, alpha=0.4, markersize=4)
    deviation = np.std(found, ddof=1) if len(found) > 1 else 0.0
    axes.errorbar(
        np.mean(found), height, xerr=deviation, fmt='|', color=colour, capsize=3, markersize=11
    )
