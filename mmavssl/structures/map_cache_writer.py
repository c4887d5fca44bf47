"""Filling the folder of a `MapCache`."""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from mmavssl.structures.map_cache import ARRAYS, INFO, MapCounts, count_maps
from mmavssl.utils.errors import DataError

BEGUN = 'begun.json'


class MapCacheWriter:
    """Fill a folder, row by row; what was interrupted goes on where it stopped.

    Args:
        folder: to fill; made if needed.
        keys: of the clips (see `key_of`).
        shape: K, h and w.
        info: how the maps are made, of values that JSON has.

    Raises:
        DataError: the folder has, or was begun with, other clips or another ``info``.
    """

    def __init__(
        self, folder: str | Path, keys: Sequence[int], shape: tuple[int, int, int], info: Mapping
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        keys = np.array(keys, np.uint64)
        clips = blake2b(keys.tobytes(), digest_size=8).hexdigest()
        info = {**info, 'shape': shape, 'videos': len(keys), 'clips': clips}
        #: As it is read again: JSON has no tuples.
        self.info = json.loads(json.dumps(info, default=str))
        #: Whether there is nothing left to do.
        self.finished = (self.folder / INFO).is_file()
        if self.finished or (self.folder / BEGUN).is_file():
            self._check_same()
            self.maps, self.ranges, self.times, self.sizes = self._open()
        else:
            count, num_maps = len(keys), shape[0]
            self.maps = self._new('maps', (count, *shape), np.float16)
            self.ranges = self._new('ranges', (count, num_maps, 2), np.float32)
            self.times = self._new('times', (count, num_maps), np.float32)
            self.sizes = self._new('sizes', (count, 2), np.int32)
            np.save(self.folder / 'keys.npy', keys)
            unnamed = self.folder / f'{BEGUN}.part'
            unnamed.write_text(json.dumps(self.info))
            unnamed.rename(self.folder / BEGUN)

    @property
    def missing(self) -> np.ndarray:
        """Rows that are still to be written."""
        return np.flatnonzero((self.sizes[:, 0] == 0) & (not self.finished))

    @property
    def counts(self) -> MapCounts:
        """How many maps there are, and how many of them tell nothing."""
        return count_maps(self.sizes, self.ranges)

    def write(self, row: int, maps: np.ndarray, times: np.ndarray, size: Sequence[int]) -> None:
        """Write a row.

        Args:
            row: of the clip.
            maps: (K, h, w), any finite range.
            times: (K,) of the maps, in seconds from the first frame.
            size: height and width of the frames in the file.
        """
        maps = np.float32(maps)
        low, span = maps.min(axis=(1, 2)), np.ptp(maps, axis=(1, 2))
        scale = np.where(span > 0, span, 1)
        self.maps[row] = (maps - low[:, None, None]) / scale[:, None, None]
        self.ranges[row] = np.stack([low, span], axis=1)
        self.times[row] = times
        self.sizes[row] = size  # last: this is what says that the row is complete

    def finish(self) -> None:
        """Make the folder usable."""
        if not self.finished:
            for array in (self.maps, self.ranges, self.times, self.sizes):
                array.flush()
            (self.folder / BEGUN).rename(self.folder / INFO)
            self.finished = True

    def _check_same(self) -> None:
        there = json.loads((self.folder / (INFO if self.finished else BEGUN)).read_text())
        differs = sorted(
            key for key in {*there, *self.info} if there.get(key) != self.info.get(key)
        )
        if differs:
            raise DataError(
                f'{self.folder} holds localization maps of another origin (these differ: '
                f'{", ".join(differs)}). Delete it, or choose another folder.'
            )

    def _new(self, name: str, shape: tuple[int, ...], dtype: type) -> np.memmap:
        path = self.folder / f'{name}.npy'
        return np.lib.format.open_memmap(path, mode='w+', dtype=dtype, shape=shape)

    def _open(self) -> list[np.memmap]:
        mode = 'r' if self.finished else 'r+'
        return [np.load(self.folder / f'{name}.npy', mmap_mode=mode) for name in ARRAYS[:4]]
