"""What a training run has left in its work directory."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmavssl.engine.checkpoints.newest import newest_checkpoint
from mmavssl.utils.errors import DataError
from mmavssl.visualization.curves import find_sessions

PICTURE = re.compile(r'(?P<name>.+)_(?P<step>\d+)\.png')


@dataclass(frozen=True)
class RunFiles:
    """Files of a run.

    Attributes:
        folder: the work directory.
        config: as tools/train.py wrote it, with all bases in it.
        scalars: of each session of the last run there that trained; one that was resumed has more
            than one.
        checkpoint: the newest one that is whole, or None.
        pictures: by `SSLVisualizationHook`, the last one of each name.
    """

    folder: Path
    config: Path
    scalars: Sequence[Path]
    checkpoint: Path | None
    pictures: dict[str, Path] = field(default_factory=dict)


def find_run(folder: Path, warn: Callable[[str], None]) -> RunFiles:
    """Return the files of a run.

    Args:
        folder: work directory of tools/train.py.
        warn: called with a line for each checkpoint that is damaged.

    Raises:
        DataError: it holds no config, or no scalars of a training run.
    """
    scalars = find_sessions(folder)
    pictures: dict[str, Path] = {}
    for file in scalars:
        pictures |= last_pictures(file.parent / 'vis_image')
    return RunFiles(
        folder,
        config_of_training(folder, scalars[-1]),
        scalars,
        newest_checkpoint(folder, warn),
        dict(sorted(pictures.items())),
    )


def config_of_training(folder: Path, scalars: Path) -> Path:
    """Return the config that was trained with.

    It is beside the scalars; in runs of earlier versions, that of the folder may be the one of a
    later test, in which networks have no weights to begin with.

    Raises:
        DataError: there is none.
    """
    configs = sorted(folder.glob('*.py'), key=lambda path: path.stat().st_mtime)
    found = [*configs, scalars.with_name('config.py')]
    config = next((path for path in reversed(found) if path.is_file()), None)
    if config is None:
        raise DataError(
            f'{folder} holds no config file. Name a work directory of tools/train.py, which '
            'writes one.'
        )
    return config


def last_pictures(folder: Path) -> dict[str, Path]:
    """Return the picture of the last step of each name, by name."""
    found: dict[str, tuple[int, Path]] = {}
    for path in folder.glob('*.png'):
        match = PICTURE.fullmatch(path.name)
        if match:
            entry = (int(match['step']), path)
            found[match['name']] = max(found.get(match['name'], entry), entry)
    return {name: path for name, (_, path) in sorted(found.items())}
