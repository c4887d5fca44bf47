"""Make a table of clips from portions of a list."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmavssl.datasets.clip_table import ClipTable, TextColumn

MIX = np.int64(6364136223846793005)  # odd, and no bit pattern: spreads numbers over 64 bits


@dataclass
class ClipPortion:
    """Some rows of a list, by columns.

    Args:
        paths: of the videos.
        labels: (n), -1 for none.
        lines: (n), from 1.
        starts: (n) float64, NaN for none; None: the list has no such column.
        ends: as ``starts``.
        audio_paths: '' for none; None: the list has no such column.
        confidences: as ``starts``.
    """

    paths: Sequence[str]
    labels: np.ndarray
    lines: np.ndarray
    starts: np.ndarray | None = None
    ends: np.ndarray | None = None
    audio_paths: Sequence[str] | None = None
    confidences: np.ndarray | None = None


class ClipTableBuilder:
    """Collect portions of one list, all with the same columns."""

    def __init__(self) -> None:
        self.paths, self.audio_paths = _GrowingText(), _GrowingText()
        self.labels, self.lines = _Growing(np.int32), _Growing(np.int32)
        self.starts, self.ends = _Growing(np.float64), _Growing(np.float64)
        self.confidences = _Growing(np.float64)
        self.hashes = _Growing(np.int64)

    def add(self, portion: ClipPortion) -> None:
        """Append rows."""
        self.paths.add(portion.paths)
        self.labels.add(portion.labels)
        self.lines.add(portion.lines)
        hashes = np.fromiter(map(hash, portion.paths), np.int64, len(portion.paths))
        for column, values in ((self.starts, portion.starts), (self.ends, portion.ends)):
            if values is not None:
                column.add(values)
                hashes = hashes * MIX + values.view(np.int64)
        if portion.audio_paths is not None:
            self.audio_paths.add(portion.audio_paths)
        if portion.confidences is not None:
            self.confidences.add(portion.confidences)
        self.hashes.add(hashes)

    def build(self) -> ClipTable:
        """Return the table; nothing can be added any more."""
        numbers = [column.freeze() for column in (self.starts, self.ends, self.confidences)]
        starts, ends, confidences = (None if np.isnan(c).all() else c for c in numbers)
        return ClipTable(
            self.paths.freeze(),
            self.labels.freeze(),
            self.lines.freeze(),
            starts,
            ends,
            self.audio_paths.freeze() if self.audio_paths.data else None,
            confidences,
        )

    def first_repeat(self, table: ClipTable) -> tuple[int, int] | None:
        """Find the first row that has the path, start and end of an earlier one.

        Args:
            table: what `build` returned.

        Returns:
            The earlier row and the one that repeats it, or None.
        """
        hashes = self.hashes.freeze()
        ordered = np.sort(hashes)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        if not len(twice):
            return None
        seen: dict[tuple, int] = {}
        for row in np.flatnonzero(np.isin(hashes, twice)):  # different clips may share a hash
            entry = table[row]
            first = seen.setdefault((entry.path, entry.start, entry.end), int(row))
            if first != row:
                return first, int(row)
        return None


class _Growing:
    """Numbers in memory that grows in place: arrays that are joined at the end take it twice."""

    def __init__(self, dtype: type) -> None:
        self.dtype = dtype
        self.data = bytearray()

    def add(self, values: np.ndarray) -> None:
        self.data += values.astype(self.dtype, copy=False).tobytes()

    def freeze(self) -> np.ndarray:
        array = np.frombuffer(self.data, self.dtype)
        array.flags.writeable = False
        return array


class _GrowingText:
    def __init__(self) -> None:
        self.data = bytearray()
        self.bounds = _Growing(np.int64)
        self.bounds.add(np.zeros(1))

    def add(self, texts: Sequence[str]) -> None:
        begin = len(self.data)
        joined = ''.join(texts)
        self.data += joined.encode()
        sizes = map(len, texts if joined.isascii() else map(str.encode, texts))
        self.bounds.add(begin + np.cumsum(np.fromiter(sizes, np.int64, len(texts))))

    def freeze(self) -> TextColumn:
        data = np.frombuffer(self.data, np.uint8)
        data.flags.writeable = False
        return TextColumn(data, self.bounds.freeze())
