"""Run configs on other files: options for each path that is elsewhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmavssl.apis.grid.grid_file import Grid, Row
from mmavssl.utils.config_slots import KNOWN_TOP_LEVEL
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError

#: Says how data come about; nothing is read from there.
NOT_READ = 'prepare_commands'


def options_of_run(grid: Grid, row: Row, seed: int, root: Path) -> list[str]:
    """Return the options of a row with a seed, and those of what has moved.

    Args:
        grid: of the row.
        row: what is run.
        seed: of the run.
        root: of the repository.

    Raises:
        ConfigError: the config has no path to move, so that it would run on the data as they
            are; and see `load_config`.
    """
    options = grid.options_of(row, seed)
    if not grid.moves:
        return options
    cfg = load_config(str(root / row.config), options)
    moved = moved_options(cfg.to_dict(), grid.moves)
    if not moved:
        raise ConfigError(
            f'{row.config} (row {row.name!r} of {grid.name}) has no path that `moves` of the grid '
            f'names: {", ".join(grid.moves)}. Name folders as configs have them.'
        )
    return [*options, *moved]


def moved_options(cfg: Mapping[str, Any], moves: Mapping[str, str]) -> list[str]:
    """Return ``KEY=VALUE`` for each path of a config that is one of ``moves``, or below it.

    Args:
        cfg: the config. Its variables, which no tool reads, are left out.
        moves: folders as configs name them -> where they are.

    >>> cfg = {'load_from': 'data/a/x.pth', 'test_dataloader': {'list': ['data/ab', 'data/a']}}
    >>> moved_options(cfg, {'data/a': 'data/b'})
    ['load_from=data/b/x.pth', 'test_dataloader.list.1=data/b']
    """
    options = []
    for key in sorted(KNOWN_TOP_LEVEL.intersection(cfg) - {NOT_READ}):
        for place, text in texts(cfg[key], key):
            for old, new in moves.items():
                if text == old or text.startswith(f'{old}/'):
                    options.append(f'{place}={new}{text.removeprefix(old)}')
    return options


def texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield all strings inside of a value, each after its key as in ``--cfg-options``."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from texts(child, f'{place}.{key}')
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from texts(child, f'{place}.{index}')
