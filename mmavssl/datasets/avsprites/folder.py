"""The output folder: reuse it, refuse it, or build it in one stroke."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmavssl.utils.errors import ConfigError

INFO_FILE = 'avsprites.json'


def reusable(folder: Path, digest: str, paths: Iterable[str], overwrite: bool) -> bool:
    """Return whether ``folder`` holds the wanted data set, or raise if it must not be touched.

    Args:
        folder: output folder; may not exist yet.
        digest: of the wanted configuration.
        paths: files that belong to it, relative to the folder.
        overwrite: whether another data set may be replaced.

    Raises:
        ConfigError: the folder holds another data set, or an incomplete one, and ``overwrite`` is
            not set; or it holds something that is not an AVSprites data set at all.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    info_file = folder / INFO_FILE
    if not info_file.is_file():
        raise ConfigError(
            f'{folder} exists and is no AVSprites data set (it has no {INFO_FILE}). '
            f'It is left alone; choose another folder.'
        )
    found = _read_digest(info_file)
    missing = next((path for path in paths if not (folder / path).is_file()), None)
    if found == digest and missing is None:
        return True
    if overwrite:
        return False
    problem = f'lacks {missing}' if found == digest else 'was made with another configuration'
    raise ConfigError(
        f'The AVSprites data set in {folder} {problem}. '
        f'Pass --overwrite (`overwrite=True`) to replace it, or choose another folder.'
    )


def _read_digest(info_file: Path) -> str | None:
    try:
        return json.loads(info_file.read_text()).get('digest')
    except ValueError as error:
        raise ConfigError(
            f'{info_file} is not valid JSON ({error}). Delete the folder, or choose another one.'
        ) from error


@contextmanager
def building_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder next to ``folder`` that takes its place if the block succeeds."""
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = folder.with_name(f'.{folder.name}.building-{os.getpid()}')
    outdated = folder.with_name(f'.{folder.name}.outdated-{os.getpid()}')
    building.mkdir()
    try:
        yield building
        if folder.exists():
            folder.rename(outdated)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(outdated, ignore_errors=True)
