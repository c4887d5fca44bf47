"""Find the checkpoint that a run goes on from."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from mmavssl.engine.checkpoints.sidecar import Sidecar, describe_damage
from mmavssl.utils.checkpoints import parameter_shapes, read_checkpoint
from mmavssl.utils.errors import CheckpointError, ConfigError

BEST = 'best_'  # MMEngine's; such files have no optimizer


def checkpoint_to_resume(work_dir: str, named: str | None) -> str | None:
    """Return the checkpoint that a run goes on from, after a look at whether it is whole.

    Args:
        work_dir: of the run, in which the newest one is looked for.
        named: the one that the user named; None: the newest.

    Raises:
        CheckpointError: it is damaged, or all of them are.
        ConfigError: there is no such file, or it is no checkpoint.
    """
    if named is None:
        found = newest_checkpoint(Path(work_dir), warn)
        return None if found is None else str(found)
    parameter_shapes(named)  # or an error
    problem = describe_damage(Path(named))
    if problem:
        raise CheckpointError(f'{named} cannot be used: {problem}. Name another one.')
    return named


def warn(text: str) -> None:
    """Tell it on stderr, as there is no log yet; of the processes of a machine, the first one."""
    if os.environ.get('LOCAL_RANK', '0') == '0':
        print(text, file=sys.stderr)


def newest_checkpoint(folder: Path, warn: Callable[[str], None]) -> Path | None:
    """Return the checkpoint of the most iterations that is whole, None if there is none at all.

    Args:
        folder: of the run.
        warn: called with one line for each damaged checkpoint that is passed over.

    Raises:
        CheckpointError: there are checkpoints, but none can be used: a new run would, little by
            little, overwrite what could perhaps be repaired.
    """
    files = [path for path in folder.glob('*.pth') if not path.name.startswith(BEST)]
    damaged: dict[Path, str] = {}
    for path, _ in sorted(
        ((path, iterations_of(path, damaged)) for path in files),
        key=lambda pair: (pair[1], pair[0].stat().st_mtime_ns),
        reverse=True,
    ):
        problem = damaged.get(path) or describe_damage(path) or reason_to_refuse(path)
        if problem is None:
            for other, why in damaged.items():
                warn(f'{other} is passed over: {why}. Going on from {path}.')
            return path
        damaged[path] = problem
    if damaged:
        reasons = '; '.join(f'{path.name}: {why}' for path, why in damaged.items())
        raise CheckpointError(
            f'{folder} has checkpoints, but none that can be used ({reasons}). Restore one, or '
            'take them away to begin anew.'
        )
    return None


def reason_to_refuse(path: Path) -> str | None:
    """Return why a file is not loaded, as where it could run code; None where it can be."""
    try:
        parameter_shapes(str(path))
    except ConfigError as error:
        return str(error).removeprefix(f'{path} ')
    return None


def iterations_of(path: Path, damaged: dict[Path, str]) -> int:
    """Return after how many iterations a checkpoint was made, -1 where it cannot be told.

    Args:
        path: of the checkpoint.
        damaged: gets the reason where there is none to be found.
    """
    sidecar = Sidecar.read(path)
    if sidecar is not None:
        return sidecar.iter
    try:
        return int(read_checkpoint(str(path), map_location='meta')['meta']['iter'])
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        damaged[path] = describe_damage(path) or f'it has no iteration ({error})'
        return -1
