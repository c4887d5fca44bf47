"""Find what training would see of the test part."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from mmavssl.datasets.manifest import ClipEntry
from mmavssl.utils.errors import DataError

# Names of UCF-101: clips `_c01`, `_c02`, ... of one recording `_g07`.
GROUP = re.compile(r'(.+_g\d+)_c\d+')


def source_of(path: str) -> str:
    """Return what clips of one recording share: the name of UCF's group, else the file.

    >>> source_of('Archery/v_Archery_g07_c02.avi'), source_of('a/b.mp4')
    ('v_Archery_g07', 'a/b.mp4')
    """
    match = GROUP.fullmatch(PurePosixPath(path).stem)
    return match.group(1) if match else path


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
