"""Read a grid: which configs are run, and with which seeds.

A grid file is a config with `name`, `title` and `rows`, and what else `Grid` takes. Names with an
underscore in front are for the file itself. Its commands are run: read somebody else's before.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mmavssl.utils.components import (
    check_arguments,
    check_complete,
    check_values,
    did_you_mean,
)
from mmavssl.utils.configs import run_program
from mmavssl.utils.errors import ConfigError

#: Stands for the seed in options and commands.
SEED = '{seed}'
Part = TypeVar('Part')


@dataclass(frozen=True)
class Preparation:
    """A command that has to be run before.

    Attributes:
        command: as one types it in the root of the repository; with ``{seed}``, once per seed.
        makes: path of what it makes; where that exists, it is not run.
    """

    command: str
    makes: str

    def of_seeds(self, seeds: Sequence[int]) -> list['Preparation']:
        """Return what is to be run for these seeds."""
        if SEED not in self.command + self.makes:
            return [self]
        return [
            Preparation(with_seed(self.command, seed), with_seed(self.makes, seed))
            for seed in seeds
        ]


@dataclass(frozen=True)
class Row:
    """A config that is run with each seed.

    Attributes:
        name: letters, digits and underscores.
        config: path from the root of the repository.
        title: in tables and plots; by default the name.
        options: ``KEY=VALUE`` in training and testing, in which ``{seed}`` stands for the seed.
        test_options: more of them, in testing alone.
        paper: the paper's top-1 accuracy for what corresponds to this row.
    """

    name: str
    config: str
    title: str = ''
    options: Sequence[str] = ()
    test_options: Sequence[str] = ()
    paper: float | None = None


@dataclass(frozen=True)
class Grid:
    """Rows of which each is run with each seed.

    Attributes:
        name: as of a row; results are in ``benchmarks/results/grid_<name>.jsonl``.
        title: heading of its table.
        rows: in the order of the table.
        note: below the heading: what is compared, and on which data.
        seeds: where the command line names no others.
        baseline: name of the row that the others are compared with, seed by seed.
        prepare: commands, in order.
        options: as those of a row, before them.
        moves: folders that configs name -> where they are for this grid (see `moved_options`).
        paper: what the paper's accuracies are of.
    """

    name: str
    title: str
    rows: Sequence[Row]
    note: str = ''
    seeds: Sequence[int] = (0, 1, 2)
    baseline: str | None = None
    prepare: Sequence[Preparation] = ()
    options: Sequence[str] = ()
    moves: Mapping[str, str] = field(default_factory=dict)
    paper: str = ''

    def options_of(self, row: Row, seed: int) -> list[str]:
        """Return the options with which a row is trained."""
        return [with_seed(option, seed) for option in (*self.options, *row.options)]

    def choose(self, names: Sequence[str] | None) -> list[Row]:
        """Return the rows of these names, or all, in the order of the grid.

        Raises:
            ConfigError: there is no such row.
        """
        known = [row.name for row in self.rows]
        for name in names or ():
            if name not in known:
                raise ConfigError(
                    f'The grid {self.name} has no row {name!r}.{did_you_mean(name, known)} '
                    f'Its rows: {", ".join(known)}.'
                )
        return [row for row in self.rows if not names or row.name in names]


def with_seed(text: str, seed: int) -> str:
    """Return a text with a seed where it says ``{seed}``.

    >>> with_seed('splits/2shot_seed{seed}', 3)
    'splits/2shot_seed3'
    """
    return text.replace(SEED, str(seed))


def read_grid(path: Path) -> Grid:
    """Read a grid file.

    Args:
        path: of the file, in Python.

    Raises:
        ConfigError: names the file and the key: no such file, a fault in it, a key that is
            unknown, missing or of the wrong type, names that occur twice, a baseline that is no
            row, or a row that does not depend on the seed.
    """
    if not path.is_file():
        raise ConfigError(f'{path} does not exist. Name a grid file (benchmarks/grids).')
    content = run_program(str(path)).to_dict()
    content = {key: value for key, value in content.items() if not key.startswith('_')}
    for key, kind in (('rows', Row), ('prepare', Preparation)):
        if isinstance(content.get(key), list):
            content[key] = [
                make(kind, part, f'{path}: {key}[{index}]')
                for index, part in enumerate(content[key])
            ]
    grid = make(Grid, content, str(path))
    check_grid(grid, path)
    return grid


def make(kind: type[Part], content: Any, where: str) -> Part:
    """Return a part of a grid of what the file says.

    Raises:
        ConfigError: see `read_grid`.
    """
    if not isinstance(content, Mapping):
        raise ConfigError(f'{where}: expected dict(...), but got {content!r}.')
    try:
        check_arguments(kind, content)
        check_values(kind, content)
        check_complete(kind, content)
    except ConfigError as error:
        raise ConfigError(f'{where}: {error}') from None
    return kind(**content)


def check_grid(grid: Grid, path: Path) -> None:
    """Raise a `ConfigError` where the parts of a grid do not fit each other."""
    names = [row.name for row in grid.rows]
    for name in (grid.name, *names):
        if not re.fullmatch(r'\w+', name):
            raise ConfigError(
                f'{path}: expected a name of letters, digits and underscores, but got {name!r}.'
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f'{path}: there are two rows {twice[0]!r}. Rename one.')
    if grid.baseline is not None and grid.baseline not in names:
        raise ConfigError(
            f'{path}: `baseline` {grid.baseline!r} is no row.{did_you_mean(grid.baseline, names)}'
        )
    if not grid.paper and any(row.paper is not None for row in grid.rows):
        raise ConfigError(
            f'{path}: rows have `paper`, but `paper` of the grid does not say what it is of.'
        )
    for row in grid.rows:
        if not any(SEED in option for option in (*grid.options, *row.options)):
            raise ConfigError(
                f'{path}: nothing of the row {row.name!r} depends on the seed. Add '
                f"'randomness.seed={SEED}' to `options`."
            )
