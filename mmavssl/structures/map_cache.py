"""Localization maps of whole videos, computed once and kept in a folder.

The folder holds arrays that workers share, as they are mapped into memory: ``maps.npy`` (N, K, h,
w) float16, K maps of the whole frame for each of N clips of a list, each scaled to [0, 1];
``ranges.npy`` (N, K, 2) float32, the least value of each map and its span, 0 where the map is
constant; ``times.npy`` (N, K), when (seconds from the first frame); ``sizes.npy`` (N, 2), height
and width of the frames; ``keys.npy``, which clip. ``info.json`` says how they were made.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmavssl.utils.errors import DataError

INFO = 'info.json'
ARRAYS = ('maps', 'ranges', 'times', 'sizes', 'keys')


class MapCounts(NamedTuple):
    """What a folder has.

    Attributes:
        videos: clips of the list.
        unreadable: those of them without maps.
        maps: of all the others.
        constant: maps that are the same everywhere.
    """

    videos: int
    unreadable: int
    maps: int
    constant: int


def count_maps(sizes: np.ndarray, ranges: np.ndarray) -> MapCounts:
    """Count what ``sizes`` (N, 2) and ``ranges`` (N, K, 2) of a folder say."""
    spans = ranges[sizes[:, 0] > 0, :, 1]
    return MapCounts(len(sizes), len(sizes) - len(spans), spans.size, int((spans == 0).sum()))


def key_of(clip: Mapping, root: str = '') -> int:
    """Return what names a clip in a cache, wherever its data set is.

    Args:
        clip: ``video_path`` and maybe ``start`` and ``end``, as they enter a pipeline.
        root: what the path begins with.
    """
    path, end = clip['video_path'], clip.get('end')
    if root:
        root = root if '://' in root else str(Path(root))
        path = path.removeprefix(f'{root.rstrip("/")}/')
    part = [float(clip.get('start') or 0), None if end is None else float(end)]
    named = json.dumps([path, *part]).encode()
    return int.from_bytes(blake2b(named, digest_size=8).digest(), 'little')


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
        for name in (INFO, *(f'{array}.npy' for array in ARRAYS)):
            if not (self.folder / name).is_file():
                raise DataError(
                    f'{folder} has no finished localization maps (there is no {name}). Make them '
                    'with `python tools/data/precompute_maps.py CONFIG FOLDER`.'
                )
        self.info = json.loads((self.folder / INFO).read_text())
        self.maps, self.ranges, self.times, self.sizes, keys = (
            np.load(self.folder / f'{name}.npy', mmap_mode='r') for name in ARRAYS
        )
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    @property
    def counts(self) -> MapCounts:
        """How many maps there are, and how many of them tell nothing."""
        return count_maps(self.sizes, self.ranges)

    def row(self, clip: Mapping) -> int:
        """Return the row of a clip, which has ``video_path`` and maybe ``start`` and ``end``.

        Raises:
            DataError: the cache does not have it, or it could not be read.
        """
        path = clip['video_path']
        key = np.uint64(key_of(clip, self.data_root))
        place = int(np.searchsorted(self._keys, key))
        if place == len(self._keys) or self._keys[place] != key:
            raise DataError(
                f'{self.folder} has no localization maps of {path}{part_of(clip)}. Make them for '
                f'the list that is read, and check `data_root`={self.data_root!r}.'
            )
        row = int(self._order[place])
        if not self.sizes[row, 0]:
            raise DataError(f'{path} could not be read when {self.folder} was made.')
        return row

    def read(self, row: int, which: np.ndarray | slice = np.s_[:]) -> np.ndarray:
        """Return maps (..., h, w) of a row in the localizer's own range, float32.

        Args:
            row: of the clip.
            which: of its K maps.
        """
        low, span = np.moveaxis(self.ranges[row][which], -1, 0)
        return low[..., None, None] + span[..., None, None] * np.float32(self.maps[row][which])


def part_of(clip: Mapping) -> str:
    """Return which part of its file a clip is, in words; nothing for all of it."""
    start, end = clip.get('start'), clip.get('end')
    if start is None and end is None:
        return ''
    return f' from {start or 0.0} s to {"the end" if end is None else f"{end} s"}'
