"""The files below a folder."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmavssl.utils.errors import DataError

VIDEO_SUFFIXES = (
    '.mp4', '.mkv', '.webm', '.avi', '.mov', '.m4v', '.mpg', '.mpeg', '.wmv', '.flv', '.3gp',
    '.ts', '.ogv',
)  # fmt: skip
LIST_SUFFIXES = ('.csv', '.txt', '.list')
# One line of UTF-8; Python reads other bytes of a name as surrogates.
NAMEABLE = re.compile('[^\r\n\ud800-\udfff]+')


@dataclass(frozen=True)
class FileTree:
    """Video files, lists and others below a folder, in the order of their names.

    Args:
        root: the folder.
        videos: size and time of change by path, which is relative and has slashes.
        lists: paths of CSV and text files.
        unnameable: videos, and others, whose names cannot stand in a list.
        others: paths of files of other kinds that were asked for.
    """

    root: Path
    videos: dict[str, tuple[int, int]] = field(default_factory=dict)
    lists: list[str] = field(default_factory=list)
    unnameable: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def stat(self, path: str) -> tuple[int, int]:
        """Return size and time of change of a video, or of another file or folder."""
        return self.videos.get(path) or _size_and_time(os.path.join(self.root, path))


def list_files(root: Path, others: Sequence[str] = ()) -> FileTree:
    """List what is below a folder; links are followed, but no folder is visited twice.

    Args:
        root: the folder.
        others: suffixes of files that are wanted as well, in small letters.

    Raises:
        DataError: the folder does not exist or cannot be read.
    """
    if not root.is_dir():
        raise DataError(f'{root} is not a folder. Name the one that the videos are in.')
    tree = FileTree(root)
    for name, path in sorted(_files(root)):
        suffix = os.path.splitext(name)[1].lower()
        if suffix in (*VIDEO_SUFFIXES, *others) and not NAMEABLE.fullmatch(name):
            tree.unnameable.append(ascii(name))
        elif suffix in VIDEO_SUFFIXES:
            tree.videos[name] = _size_and_time(path)
        elif suffix in others:
            tree.others.append(name)
        elif suffix in LIST_SUFFIXES:
            tree.lists.append(name)
    return tree


def _files(root: Path) -> Iterator[tuple[str, str]]:
    visited = set()
    for folder, below, names in os.walk(root, onerror=_refuse, followlinks=True):
        place = os.stat(folder)
        if (place.st_dev, place.st_ino) in visited:
            below.clear()
            continue
        visited.add((place.st_dev, place.st_ino))
        below[:] = sorted(name for name in below if not name.startswith('.'))
        for name in names:
            if not name.startswith('.'):  # macOS leaves `._clip.mp4` beside `clip.mp4`
                path = os.path.join(folder, name)
                yield os.path.relpath(path, root).replace(os.sep, '/'), path


def _refuse(error: OSError) -> None:
    raise DataError(f'{error.filename} cannot be read: {error.strerror}.') from error


def _size_and_time(path: str) -> tuple[int, int]:
    try:
        stat = os.stat(path)
    except OSError:  # a link to nowhere: probing says so
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
