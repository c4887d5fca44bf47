"""Lists of ids, as the releases of sound source localization have them."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mmavssl.datasets.list_rows import read_text
from mmavssl.utils.errors import DataError


class IdList(NamedTuple):
    """Ids of one part of a data set.

    Attributes:
        name: of the list, such as 'flickr_10k'.
        ids: in the order of the list, each once.
        repeats: how many more rows there are.
    """

    name: str
    ids: Sequence[str]
    repeats: int = 0


def read_ids(path: str | Path, spelling: Callable[[str], str] = str) -> IdList:
    """Read the first column of a list, which has no header.

    Args:
        path: ``.txt`` with one id a line, or ``.csv``.
        spelling: of an id that may be written in several ways.

    Raises:
        DataError: no such file, or it is empty.
    """
    rows = csv.reader(read_text(path).splitlines())
    found = [spelling(row[0].strip()) for row in rows if row and row[0].strip()]
    if not found:
        raise DataError(f'{path} names no id. Expected one in each line.')
    ids = list(dict.fromkeys(found))
    return IdList(Path(path).stem, ids, len(found) - len(ids))
