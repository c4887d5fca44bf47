"""Where each file lies in the shards."""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np

from mmavssl.utils.errors import DataError

# A hash of the path (128 bits, so that no two paths share one), then the place of the content.
RECORD = np.dtype(
    [('high', '<u8'), ('low', '<u8'), ('shard', '<u4'), ('offset', '<u8'), ('size', '<u8')]
)


class Place(NamedTuple):
    """A file in the shards: number of the shard, offset and size of the content in it (bytes)."""

    shard: int
    offset: int
    size: int


class ShardIndex:
    """Find files by their paths.

    The index is one sorted array on the disk, which is mapped into memory: opening it reads
    nothing, a search reads some pages of it, and all processes of a machine share these.

    Args:
        records: sorted by the hashes.
    """

    def __init__(self, records: np.ndarray) -> None:
        self.records = np.asarray(records)  # an access to a `memmap` takes ten times as long

    def __len__(self) -> int:
        return len(self.records)

    @classmethod
    def open(cls, path: str | Path) -> 'ShardIndex':
        """Map an index that `save` has written.

        Raises:
            DataError: no file, or not an index.
        """
        try:
            records = np.load(path, mmap_mode='r')
        except (OSError, ValueError) as error:
            raise DataError(
                f'{path}, the index of the shards, cannot be read: {error}. Copy the folder '
                'again, or pack it again with tools/data/pack_shards.py.'
            ) from None
        if records.dtype != RECORD:
            raise DataError(f'{path} is no index of shards. Pack the files again.')
        return cls(records)

    def save(self, path: str | Path) -> None:
        """Write the index."""
        np.save(path, self.records)

    def find(self, path: str) -> Place | None:
        """Return the place of a file, or None if it is not in the shards.

        Args:
            path: as in the manifest that was packed.
        """
        wanted = hash_path(path)
        row = bisect_left(range(len(self)), wanted, key=self._hash)
        if row == len(self) or self._hash(row) != wanted:
            return None
        return Place(*map(int, self.records[row].tolist()[2:]))

    def _hash(self, row: int) -> tuple[int, int]:
        return self.records[row].tolist()[:2]


def make_records(paths: Sequence[str], places: Sequence[Place]) -> np.ndarray:
    """Return the unsorted records of some files."""
    rows = [(*hash_path(path), *place) for path, place in zip(paths, places, strict=True)]
    return np.array(rows, RECORD)


def join_records(parts: Sequence[np.ndarray]) -> ShardIndex:
    """Return the index of all files; of a file that was packed twice it has the first place."""
    records = np.concatenate(parts)
    records = records[np.lexsort((records['low'], records['high']))]
    high, low = records['high'], records['low']
    is_new = np.ones(len(records), bool)
    is_new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    return ShardIndex(records[is_new])


def hash_path(path: str) -> tuple[int, int]:
    """Return two numbers that stand for a path, however its slashes are written.

    >>> hash_path('videos//a b.mp4') == hash_path('./videos/a b.mp4')
    True
    """
    text = PurePath(path).as_posix()
    digest = hashlib.blake2b(text.encode('utf-8', 'surrogateescape'), digest_size=16).digest()
    return int.from_bytes(digest[:8], 'little'), int.from_bytes(digest[8:], 'little')
