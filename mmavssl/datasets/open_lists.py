"""Read each list once in a process, though several parts of it ask for the clips."""

from collections.abc import Sequence
from pathlib import Path
from weakref import WeakValueDictionary

from mmavssl.datasets.clip_table import ClipTable
from mmavssl.datasets.manifest import read_manifest

_in_use: WeakValueDictionary[tuple, ClipTable] = WeakValueDictionary()
_handed_over: dict[Path, tuple[tuple, ClipTable]] = {}


def open_manifest(path: str | Path, classes: Sequence[str], hand_over: bool = False) -> ClipTable:
    """Return the clips of a list; see `read_manifest`.

    A list that something still holds, and that is the same file with the same time and size, is
    not read again.

    Args:
        path: the list.
        classes: class names.
        hand_over: keep it for the next one who asks for it, for whoever reads a list only to check
            it. Else it lives as long as somebody holds it.

    Raises:
        DataError: a fault in the list.
    """
    place = Path(path).resolve()
    key = (place, *_state(place), tuple(classes))
    # Taken out in any case: what is there for a list that has changed since is of no use.
    kept_key, table = _handed_over.pop(place, (None, None))
    if kept_key != key:
        table = _in_use.get(key)
    if table is None:
        table = _in_use[key] = read_manifest(path, classes)
    if hand_over:
        _handed_over[place] = key, table
    return table


def _state(path: Path) -> tuple[int, int]:
    if not path.is_file():
        return 0, 0  # reading it says what is wrong
    status = path.stat()
    return status.st_mtime_ns, status.st_size
