"""In which order the files of a list are packed."""

import numpy as np
import torch

from mmavssl.datasets.clip_table import ClipTable
from mmavssl.utils.random import stable_seed


class PackingOrder:
    """Files of a list in a random order, each with its rows.

    A file that the list has several parts of is packed once.

    Args:
        table: the list.
        seed: of the order; None: that of the list.

    Attributes:
        rows: (n) of the list, those of one file side by side.
        bounds: (files + 1); file i has ``rows[bounds[i]:bounds[i + 1]]``.
    """

    def __init__(self, table: ClipTable, seed: int | None) -> None:
        files = _number_files(table)
        count = int(files.max()) + 1
        places = np.arange(count)
        if seed is not None:
            generator = torch.Generator().manual_seed(stable_seed(seed, 'shards'))
            places = torch.randperm(count, generator=generator).numpy()
        self.rows = np.argsort(places[files], kind='stable')
        self.bounds = np.searchsorted(places[files[self.rows]], np.arange(count + 1))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def rows_of(self, number: int) -> np.ndarray:
        """Return the rows of a file, in the order of the list."""
        return self.rows[self.bounds[number] : self.bounds[number + 1]]


def _number_files(table: ClipTable) -> np.ndarray:
    """Return the number of each row's file, by first appearance."""
    if table.starts is None and table.ends is None:  # each row has a path of its own
        return np.arange(len(table))
    numbers: dict[str, int] = {}
    paths = (numbers.setdefault(path, len(numbers)) for path in table.paths)
    return np.fromiter(paths, np.int64, len(table))
