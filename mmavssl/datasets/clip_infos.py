"""What enters the pipeline for each clip."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmavssl.datasets.clip_table import ClipTable


class ClipInfos(Sequence):
    """The list of dicts that `BaseDataset` has as ``data_list``, each made when it is asked for.

    Args:
        table: all clips of the list.
        root: folder or URI that their paths are relative to.
        source: ``labeled``, ``unlabeled`` or ``test``.
        rows: which clips, in which order; an array for any, a range as it needs no memory. None:
            all.
    """

    def __init__(
        self, table: ClipTable, root: str, source: str, rows: range | np.ndarray | None = None
    ) -> None:
        self.table, self.root, self.source = table, root, source
        self.rows = range(len(table)) if rows is None else rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | slice) -> 'dict | ClipInfos':
        """Return what enters the pipeline, or the clips of a slice.

        Raises:
            IndexError: no such clip.
        """
        if isinstance(index, slice):
            return ClipInfos(self.table, self.root, self.source, self.rows[index])
        return self._info(int(self.rows[index]))

    def line(self, index: int) -> int:
        """Return the line of the list that a clip is in, from 1 on."""
        return self.table[int(self.rows[index])].line

    def take(self, indices: Sequence[int] | np.ndarray) -> 'ClipInfos':
        """Return some of the clips.

        Args:
            indices: of clips; they may be negative, repeat, and stand in any order.

        Raises:
            IndexError: no such clip.
        """
        indices = np.asarray(indices, dtype=np.int64)
        rows = self.rows
        if isinstance(rows, range):
            rows = np.arange(rows.start, rows.stop, rows.step)
        return ClipInfos(self.table, self.root, self.source, rows[indices])

    def _info(self, row: int) -> dict:
        entry = self.table[row]
        info = {
            'video_path': place_of(entry.path, self.root),
            'audio_path': place_of(entry.audio_path, self.root) if entry.audio_path else None,
            'start': entry.start,
            'end': entry.end,
            'source': self.source,
        }
        if entry.confidence is not None:
            info['confidence'] = entry.confidence
        if self.source == 'unlabeled':
            return {**info, 'gt_for_log': -1 if entry.label is None else entry.label}
        return {**info, 'label': entry.label}


def place_of(path: str, root: str) -> str:
    """Return where a file of a list is.

    Args:
        path: as in the list.
        root: folder or URI that it is relative to, unless it is absolute.

    >>> place_of('a b.mp4', 's3://clips/'), place_of('a.mp4', 'data/'), place_of('/a.mp4', 'x')
    ('s3://clips/a b.mp4', 'data/a.mp4', '/a.mp4')
    """
    if '://' in root and '://' not in path:
        return f'{root.rstrip("/")}/{path}'
    return path if '://' in path else str(Path(root, path))
