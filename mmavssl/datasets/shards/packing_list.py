"""A list as packing goes through it: file by file, in the order of the shards."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmavssl.datasets.clip_table import ClipEntry, ClipTable
from mmavssl.datasets.manifest import read_classes, read_manifest
from mmavssl.datasets.shards.packed_sample import PackedSample, read_sample
from mmavssl.datasets.shards.packing_order import PackingOrder


class PackingList:
    """Files of a list in the order of the shards.

    Args:
        manifest: the list.
        classes_file: class names.
        data_root: what the paths of the list are relative to.
        seed: of the order; None: that of the list.

    Raises:
        DataError: a fault in the list or the class names.
    """

    def __init__(
        self, manifest: Path, classes_file: Path, data_root: Path, seed: int | None
    ) -> None:
        self.classes = read_classes(classes_file)
        self.table: ClipTable = read_manifest(manifest, self.classes)
        self.root = data_root
        self.order = PackingOrder(self.table, seed)

    def __len__(self) -> int:
        return len(self.order)

    def read(self, number: int) -> PackedSample:
        """Read the files of a sample.

        Raises:
            DataError: a file is missing, empty or cannot be read.
        """
        entries = [self.table[int(row)] for row in self.order.rows_of(number)]
        return read_sample(f'{number:09d}', entries, self.root, self.classes)

    def path(self, number: int) -> str:
        """Return the path of a file."""
        return self.table.paths[int(self.order.rows_of(number)[0])]

    def clips(self, left_out: Sequence[int]) -> Sequence[ClipEntry]:
        """Return the rows in the order of the shards, without those of some files."""
        keep = np.ones(len(self.table), bool)
        for number in left_out:
            keep[self.order.bounds[number] : self.order.bounds[number + 1]] = False
        return _Rows(self.table, self.order.rows[keep])


class _Rows(Sequence):
    """Some rows of a table, each made when it is asked for."""

    def __init__(self, table: ClipTable, rows: np.ndarray) -> None:
        self.table, self.rows = table, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> ClipEntry:
        return self.table[int(self.rows[index])]
