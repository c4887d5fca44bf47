"""Find the checkpoint that a run goes on from."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mmavssl.engine.checkpoints.sidecar import Sidecar, describe_damage
from mmavssl.utils.checkpoints import read_checkpoint
from mmavssl.utils.errors import CheckpointError, ConfigError

AUTO = 'auto'
BEST = 'best_'  # MMEngine's; such files have no optimizer
LATEST = 'last_checkpoint'  # MMEngine's; the file that names the newest
OWNER = 'work_dir.txt'  # in a folder of checkpoints that is not the work dir itself
#: What a run needs to go on as if nothing had happened, besides ``state_dict``.
PARTS = ('meta', 'message_hub', 'optimizer')


def checkpoint_to_resume(work_dir: str, wanted: Sequence[str]) -> str | None:
    """Return the checkpoint that a run goes on from, after a look at whether it can.

    Args:
        work_dir: of the run, in which the newest one is looked for.
        wanted: ``auto`` for the newest, or a path; with both, the path counts where the run has
            saved nothing yet.

    Raises:
        CheckpointError: it is damaged, or all of them are; or it is not enough to go on from.
        ConfigError: there is no such file, or it is no checkpoint.
    """
    found = newest_checkpoint(Path(work_dir), warn) if AUTO in wanted else None
    if found is not None:
        return str(found)
    named = next((name for name in reversed(wanted) if name != AUTO), None)
    if named is None:
        return None
    content = read_checkpoint(named, map_location='meta')  # or an error
    problem = describe_damage(Path(named)) or what_is_missing(content)
    if problem:
        raise CheckpointError(f'{named} cannot be used: {problem}. Name another one.')
    return named


def warn(text: str) -> None:
    """Tell it on stderr, as there is no log yet; of the processes of a machine, the first one."""
    if os.environ.get('LOCAL_RANK', '0') == '0':
        print(text, file=sys.stderr)


def newest_checkpoint(folder: Path, warn: Callable[[str], None]) -> Path | None:
    """Return the newest checkpoint that is whole, None if there is none at all.

    It is the one that ``last_checkpoint`` names; if that is damaged, the one of the most
    iterations before it.

    Args:
        folder: of the run.
        warn: called with one line for each damaged checkpoint that is passed over.

    Raises:
        CheckpointError: there are checkpoints, but none can be used: a new run would, little by
            little, overwrite what could perhaps be repaired.
    """
    damaged: dict[Path, str] = {}
    for path in in_order(folder, damaged):
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


def in_order(folder: Path, damaged: dict[Path, str]) -> list[Path]:
    """Return the checkpoints of a run that may be gone on from, the first choice first.

    Args:
        folder: of the run; ``last_checkpoint`` may name another one (``checkpoint.out_dir``).
        damaged: gets those of which it cannot be told when they were made.
    """
    last, folders = named_last(folder)
    files = [path for place in folders for path in place.glob('*.pth')]
    ages = {
        path: iterations_of(path, damaged)
        for path in files
        if not (path.name.startswith(BEST) or holds_weights_alone(path))
    }
    if last in ages:
        # Those of more iterations are of a run that went on otherwise.
        ages = {path: age for path, age in ages.items() if age <= ages[last] or last in damaged}
    return sorted(
        ages, key=lambda path: (path == last, ages[path], path.stat().st_mtime_ns), reverse=True
    )


def named_last(folder: Path) -> tuple[Path | None, set[Path]]:
    """Return what ``last_checkpoint`` names, None if that has gone, and where to look.

    It is a whole path, which a copy of the work dir has as well: where it is not in a folder of
    this run, the file of its name in this work dir counts more.

    Raises:
        CheckpointError: it names a folder that is not there, as where a disk is not mounted.
    """
    try:
        path = Path((folder / LATEST).read_text().strip())
    except (OSError, UnicodeDecodeError):
        return None, {folder}
    place = path.parent
    if place.is_dir() and place.samefile(folder):
        place = folder  # so that a file has one name alone
    here = folder / path.name  # as the folder may have been moved, or copied
    if here.suffix == '.pth' and here.is_file() and not is_of_run(place, folder):
        return here, {folder}
    files = [place / path.name, here]
    last = next((file for file in files if file.suffix == '.pth' and file.is_file()), None)
    if last is None and not place.is_dir() and not any(folder.glob('*.pth')):
        raise CheckpointError(
            f'{folder / LATEST} names {path}, whose folder is not there. Is a disk missing? To '
            f'begin anew, remove {folder / LATEST}.'
        )
    return last, {folder, place} if place.is_dir() else {folder}


def is_of_run(place: Path, folder: Path) -> bool:
    """Whether checkpoints in a place are those of the run in a folder, as far as is known."""
    whole = os.path.abspath(folder)
    return os.path.abspath(place) == whole or owner_of(place) == whole


def owner_of(place: Path) -> str | None:
    """Return the work dir of the run that keeps its checkpoints in a place outside of it."""
    try:
        return (place / OWNER).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None


def holds_weights_alone(path: Path) -> bool:
    """Whether a file is no checkpoint of a run, but weights that somebody has put beside them."""
    if Sidecar.path_of(path).exists():
        return False
    try:
        content = read_checkpoint(str(path), map_location='meta')
    except ConfigError:
        return False
    return not set(PARTS) & set(content)


def reason_to_refuse(path: Path) -> str | None:
    """Return why nothing can go on from a file, None where it can."""
    try:
        content = read_checkpoint(str(path), map_location='meta')
    except ConfigError as error:
        return str(error).removeprefix(f'{path} ')
    sidecar = Sidecar.read(path)
    if sidecar is not None and sidecar.iter != (content.get('meta') or {}).get('iter'):
        return f'{sidecar.path_of(path).name} says that it has {sidecar.iter} iterations'
    return what_is_missing(content)


def what_is_missing(content: Any) -> str | None:
    """Return what a checkpoint lacks to go on from it as if nothing had happened."""
    missing = [name for name in PARTS if name not in content]
    if not missing and not all(isinstance(content['meta'].get(k), int) for k in ('epoch', 'iter')):
        missing = ['meta.epoch and meta.iter']
    if not missing:
        return None
    return (
        f'it has no {", ".join(missing)}, which a run needs to go on (its weights alone are what '
        'load_from is for)'
    )


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
