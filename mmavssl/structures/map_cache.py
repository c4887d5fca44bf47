"""Localization maps of whole videos, computed once and kept in a folder.

The folder holds arrays that workers share, as they are mapped into memory: ``maps.npy`` (N, K, h,
w) float16, K maps of the whole frame for each of N videos; ``times.npy`` (N, K), when (seconds
from the first frame); ``sizes.npy`` (N, 2), height and width of the frames; ``keys.npy``, which
video. ``info.json`` says how they were made.
"""

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from mmavssl.utils.errors import DataError

INFO = 'info.json'
ARRAYS = ('maps', 'times', 'sizes', 'keys')


def key_of(path: str, root: str) -> int:
    """Return what names a video in a cache: a hash of its path relative to the data set."""
    name = path.removeprefix(root).lstrip('/') if root else path
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), 'little')


class MapCache:
    """The maps of a folder.

    Args:
        folder: that `MapCacheWriter` has filled.
        data_root: what the videos' paths begin with.

    Raises:
        DataError: there is no such folder, or it is not complete.
    """

    def __init__(self, folder: str | Path, data_root: str = '') -> None:
        self.folder = Path(folder)
        self.data_root = str(data_root)
        if not (self.folder / INFO).is_file():
            raise DataError(
                f'{folder} has no finished localization maps (there is no {INFO}). Make them '
                'with `python tools/data/precompute_maps.py CONFIG FOLDER`.'
            )
        self.info = json.loads((self.folder / INFO).read_text())
        self.maps, self.times, self.sizes, keys = (
            np.load(self.folder / f'{name}.npy', mmap_mode='r') for name in ARRAYS
        )
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def row(self, path: str) -> int:
        """Return the row of a video.

        Raises:
            DataError: the cache does not have it, or it could not be read.
        """
        key = np.uint64(key_of(path, self.data_root))
        place = int(np.searchsorted(self._keys, key))
        if place == len(self._keys) or self._keys[place] != key:
            raise DataError(
                f'{self.folder} has no localization maps of {path}. Make them for the list that '
                f'is read, and check `data_root`={self.data_root!r}.'
            )
        row = int(self._order[place])
        if not self.sizes[row, 0]:
            raise DataError(f'{path} could not be read when {self.folder} was made.')
        return row


class MapCacheWriter:
    """Fill a folder, row by row; what was interrupted goes on where it stopped.

    Args:
        folder: to fill; made if needed.
        paths: of the videos.
        data_root: what they begin with.
        shape: K, h and w.
        info: how the maps are made; a folder that was begun otherwise is refused.

    Raises:
        DataError: the folder was begun with other videos or another ``info``.
    """

    def __init__(
        self,
        folder: str | Path,
        paths: Sequence[str],
        data_root: str,
        shape: tuple[int, int, int],
        info: dict,
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.info = {**info, 'videos': len(paths), 'shape': list(shape)}
        keys = np.array([key_of(path, data_root) for path in paths], np.uint64)
        begun = self.folder / 'begun.json'
        if begun.is_file():
            same = json.loads(begun.read_text()) == self.info
            if not same or not np.array_equal(np.load(self.folder / 'keys.npy'), keys):
                raise DataError(
                    f'{folder} holds localization maps that were begun with other videos or '
                    'settings. Delete it, or choose another folder.'
                )
            self.maps, self.times, self.sizes = self._arrays()
        else:
            count = len(paths)
            self.maps = self._new('maps', (count, *shape), np.float16)
            self.times = self._new('times', (count, shape[0]), np.float32)
            self.sizes = self._new('sizes', (count, 2), np.int32)
            np.save(self.folder / 'keys.npy', keys)
            begun.write_text(json.dumps(self.info))

    @property
    def missing(self) -> np.ndarray:
        """Rows that are not written yet."""
        return np.flatnonzero(self.sizes[:, 0] == 0)

    def write(self, row: int, maps: np.ndarray, times: np.ndarray, size: Sequence[int]) -> None:
        """Write the maps (K, h, w) of a video, their times (K,) and the size of its frames."""
        self.maps[row], self.times[row] = maps, times
        self.sizes[row] = size  # last: this is what says that the row is complete

    def finish(self) -> None:
        """Make the folder usable."""
        for array in (self.maps, self.times, self.sizes):
            array.flush()
        (self.folder / 'begun.json').rename(self.folder / INFO)

    def _new(self, name: str, shape: tuple[int, ...], dtype: type) -> np.memmap:
        path = self.folder / f'{name}.npy'
        return np.lib.format.open_memmap(path, mode='w+', dtype=dtype, shape=shape)

    def _arrays(self) -> list[np.memmap]:
        names = ARRAYS[:3]
        return [np.load(self.folder / f'{name}.npy', mmap_mode='r+') for name in names]
