"""Many clips in a few arrays."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isnan

import numpy as np

#: Rows that are numbers of Python at once, which take much more memory than in an array.
AT_A_TIME = 2**16


@dataclass(frozen=True)
class ClipEntry:
    """One row of a list.

    Args:
        path: of the video, relative to the data root.
        label: class index, or None where the list has no label.
        start: begin of the clip in the file, in seconds; None: of the file.
        end: end of the clip in the file, in seconds; None: of the file.
        audio_path: file of the sound, relative to the data root; None: the video file.
        line: where it stands in the list, from 1.
        confidence: of the network that gave the label, from 0 to 1; None: nothing says it.
    """

    path: str
    label: int | None = None
    start: float | None = None
    end: float | None = None
    audio_path: str | None = None
    line: int = field(default=0, compare=False)
    confidence: float | None = None


class TextColumn(Sequence):
    """Strings end to end in one array of bytes.

    Args:
        data: (bytes) uint8, UTF-8.
        bounds: (n + 1) int64; string i is ``data[bounds[i]:bounds[i + 1]]``.
    """

    def __init__(self, data: np.ndarray, bounds: np.ndarray) -> None:
        self.data, self.bounds = data, bounds

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, index: int) -> str:
        """Return one string; the index counts from 0."""
        return self.data[self.bounds[index] : self.bounds[index + 1]].tobytes().decode()

    def find(self, texts: Collection[str]) -> list[int]:
        """Return where the strings are that are among others, without a look at each as a string.

        A million takes half a second.
        """
        wanted, data, found = {text.encode() for text in texts}, self.data.data, []
        for first in range(0, len(self), AT_A_TIME):
            bounds = self.bounds[first : first + AT_A_TIME + 1].tolist()
            for index, (begin, end) in enumerate(pairwise(bounds), first):
                if bytes(data[begin:end]) in wanted:
                    found.append(index)
        return found

    def find_dotted(self) -> list[int]:
        """Return where paths are that may have a shorter spelling, as ``./a`` and ``b/../a`` do.

        One of their parts is empty or begins with a dot; not the first one of an absolute path.
        As fast as `find`.
        """
        found = []
        for first in range(0, len(self), AT_A_TIME):
            bounds = self.bounds[first : first + AT_A_TIME + 1]
            data, starts = self.data[bounds[0] : bounds[-1]], bounds[:-1] - bounds[0]
            is_dot, is_slash = data == ord('.'), data == ord('/')
            within = np.flatnonzero(is_slash[:-1] & (is_dot | is_slash)[1:])
            at = np.concatenate([within, starts[is_dot[starts]]])
            rows = np.searchsorted(starts, at, 'right') - 1
            found += (first + np.unique(rows)).tolist()
        return found

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        return self.data.nbytes + self.bounds.nbytes


class ClipTable(Sequence):
    """Clips of a list as a sequence of `ClipEntry`, each made when it is asked for.

    A row takes the bytes of its paths and 16 more (16, 8 and 8 more where the list has parts of
    files, sound files and confidences). Nothing else is kept per row, so processes that are forked
    share all of it: Python writes to an object as soon as it is looked at, and its page is then
    copied, but never to the inside of an array.

    Args:
        paths: of the videos.
        labels: (n) int32, -1 for none.
        lines: (n) int32, from 1.
        starts: (n) float64 in seconds, NaN for none; None: none has one.
        ends: as ``starts``.
        audio_paths: '' for none; None: none has one.
        confidences: (n) float64, NaN for none; None: none has one.
    """

    def __init__(
        self,
        paths: TextColumn,
        labels: np.ndarray,
        lines: np.ndarray,
        starts: np.ndarray | None = None,
        ends: np.ndarray | None = None,
        audio_paths: TextColumn | None = None,
        confidences: np.ndarray | None = None,
    ) -> None:
        self.paths, self.labels, self.lines = paths, labels, lines
        self.starts, self.ends, self.audio_paths = starts, ends, audio_paths
        self.confidences = confidences

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int | slice) -> ClipEntry | list[ClipEntry]:
        """Return an entry, or those of a slice as a list.

        Raises:
            IndexError: no such row.
        """
        rows = range(len(self))[index]
        return [self._entry(row) for row in rows] if isinstance(rows, range) else self._entry(rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None

    def __deepcopy__(self, memo: dict) -> 'ClipTable':
        return self  # nothing writes to it

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        columns = (
            self.paths, self.labels, self.lines, self.starts, self.ends, self.audio_paths,
            self.confidences,
        )  # fmt: skip
        return sum(column.nbytes for column in columns if column is not None)

    def _entry(self, row: int) -> ClipEntry:
        label = int(self.labels[row])
        return ClipEntry(
            self.paths[row],
            None if label < 0 else label,
            _number(self.starts, row),
            _number(self.ends, row),
            (self.audio_paths[row] or None) if self.audio_paths is not None else None,
            int(self.lines[row]),
            _number(self.confidences, row),
        )


def _number(column: np.ndarray | None, row: int) -> float | None:
    if column is None or isnan(value := float(column[row])):
        return None
    return value
