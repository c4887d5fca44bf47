"""Lists of clips to predict, which are those of training."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from mmavssl.apis.input_places import check_storages, local_path
from mmavssl.datasets.clip_infos import place_of
from mmavssl.datasets.clip_table import ClipEntry
from mmavssl.datasets.manifest import read_manifest
from mmavssl.datasets.readers.storage import is_remote
from mmavssl.utils.errors import DataError

SUFFIX = '.csv'
#: Files of a list that are looked for, to find what its paths are relative to.
TRIED = 100


def is_list(path: str) -> bool:
    """Return whether a path is that of a list, by its suffix.

    >>> is_list('data/unlabeled.CSV'), is_list('a.mp4')
    (True, False)
    """
    return path.lower().endswith(SUFFIX) and not os.path.isdir(path)


def clips_of_list(path: str, data_root: str | Path | None = None) -> list[ClipEntry]:
    """Return the clips of a list, each with the places of its files; labels are not looked at.

    Args:
        path: the list, as in training.
        data_root: folder or URI that its paths are relative to; None: see `root_of_list`.

    Raises:
        DataError: a fault in the list, or no such folder.
    """
    if is_remote(path):
        raise DataError(f'{path}: a list has to be on this disk. Download it, and name its path.')
    entries = read_manifest(path, classes=None)
    root = root_of_list(path, entries) if data_root is None else local_path(str(data_root))
    if not is_remote(root) and not os.path.isdir(root):
        raise DataError(f'{root} is not a folder. Correct `data_root` (--data-root).')
    clips = [
        replace(
            entry,
            path=_place(entry.path, root),
            audio_path=entry.audio_path and _place(entry.audio_path, root),
        )
        for entry in entries
    ]
    check_storages(place for clip in clips for place in (clip.path, clip.audio_path) if place)
    return clips


def root_of_list(path: str, entries: Sequence[ClipEntry]) -> str:
    """Return the folder of a list, or the nearest one above it, that has the first of its files.

    Where none has it, that file may be gone, and the next ones are looked for, `TRIED` in all.

    Args:
        path: the list.
        entries: its rows.

    Raises:
        DataError: there is none.
    """
    names = (entry.path for entry in entries)
    relative = (name for name in names if not (is_remote(name) or Path(name).is_absolute()))
    tried = list(islice(relative, TRIED)) or ['']
    for name in tried:
        for folder in _folders_from(Path(path)):
            if os.path.exists(folder / name):
                return str(folder)
    raise DataError(
        f'{path}: its file {tried[0]} is neither in the folder of the list nor in one above it. '
        'Name the folder that its paths are relative to: `data_root` (--data-root).'
    )


def _folders_from(path: Path) -> Iterator[Path]:
    if '..' in path.parts:  # the parents of `../a.csv` would end with the folder one is in
        path = Path(os.path.abspath(path))
    yield from path.parents
    if not path.is_absolute():
        yield from Path.cwd().parents


def _place(path: str, root: str) -> str:
    return place_of(local_path(path), root)
