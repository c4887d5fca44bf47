"""Find what training would see of the test part."""

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from math import inf
from pathlib import PurePosixPath

import numpy as np

from mmavssl.datasets.clip_infos import ClipInfos, place_of
from mmavssl.datasets.clip_table import ClipEntry
from mmavssl.utils.errors import DataError

# Names of UCF-101: clips `_c01`, `_c02`, ... of one recording `_g07`.
GROUP = re.compile(r'(.+_g\d+)_c\d+')


def source_of(path: str) -> str:
    """Return what clips of one recording share: the name of UCF's group, else the file.

    >>> source_of('Archery/v_Archery_g07_c02.avi'), source_of('./a/b.mp4')
    ('v_Archery_g07', 'a/b.mp4')
    """
    match = GROUP.fullmatch(PurePosixPath(path).stem)
    return match.group(1) if match else _normal(path)


def check_no_leak(train: Sequence[ClipEntry], test: Sequence[ClipEntry]) -> None:
    """Raise if a training clip is a test clip, or comes from the same recording as one.

    The same recording is the same file (another part of it), or the same group by UCF's names.

    Args:
        train: labeled and unlabeled clips.
        test: test clips.

    Raises:
        DataError: says how many clips and names the first one.
    """
    tested = {source_of(entry.path): entry for entry in reversed(test)}
    leaks = [entry for entry in train if source_of(entry.path) in tested]
    if not leaks:
        return
    first = leaks[0]
    twin = tested[source_of(first.path)]
    what = 'is also' if twin.path == first.path else 'is of the same recording as'
    raise DataError(
        f'{len(leaks)} of {len(train)} training clips are in the test list or share a recording '
        f'with one there: {first.path} (line {first.line}) {what} {twin.path} (line {twin.line} '
        'of the test list). Take them out of one of the lists.'
    )


def find_tested(train: ClipInfos, tests: Sequence[ClipInfos]) -> list[ClipEntry]:
    """Return the training clips that are tested, be it in part or under another spelling.

    Two clips of a file that have no moment in common are different ones. Links between files are
    not followed, those of `data_root` are; no file is looked at.

    Args:
        train: clips of a training list, of which there may be millions.
        tests: clips of validation and test lists.
    """
    folders, spans = _folders(train.root), defaultdict(list)
    for test in tests:
        roots = _folders(test.root)
        for row in test.rows:
            entry = test.table[int(row)]
            places = {_place(entry.path, root) for root in roots}
            # As training may call them.
            short = {place.removeprefix(f'{root}/') for place in places for root in folders}
            for name in places | short:
                spans[name].append(_span(entry))
    paths = train.table.paths
    names = {row: paths[row] for row in paths.find(spans)}
    for row in paths.find_dotted():
        for root in folders:
            if (place := _place(paths[row], root)) in spans:
                names[row] = place
    rows = np.array(sorted(names), dtype=np.int64)
    found = [(train.table[int(row)], names[row]) for row in rows[np.isin(rows, train.rows)]]
    return [entry for entry, name in found if _overlaps(_span(entry), spans[name])]


def _folders(root: str) -> tuple[str, ...]:
    """Return the names of a data root: as it is, and without links."""
    if '://' in root:
        return (root.rstrip('/'),)
    return os.path.realpath(root), os.path.abspath(root or '.')


def _place(path: str, root: str) -> str:
    return _normal(place_of(path, root))


def _normal(path: str) -> str:
    """Return the shortest spelling of a path; URIs have but one."""
    return path if '://' in path else os.path.normpath(path)


def _span(entry: ClipEntry) -> tuple[float, float]:
    """Return begin and end in the file, which may be open."""
    return entry.start or 0.0, inf if entry.end is None else entry.end


def _overlaps(span: tuple[float, float], others: Sequence[tuple[float, float]]) -> bool:
    return any(span[0] < end and begin < span[1] for begin, end in others)
