"""Clips that cannot be used: counted, listed, and an error when they are too many."""

import csv
import io
import os
from pathlib import Path

from mmavssl.datasets.clip_log import ClipLog
from mmavssl.utils.errors import ConfigError, DataError

COLUMNS = ('source', 'path', 'reason')


class BadSamples(ClipLog):
    """Clips of a list that cannot be used, each counted once, up to a limit.

    Args:
        size: number of clips.
        budget: how many there may be: a number (int), or a share of the clips (float below 1).
        source: of the data set, for the report.

    Raises:
        ConfigError: a budget that is neither.
    """

    def __init__(self, size: int, budget: int | float, source: str) -> None:
        super().__init__(size)
        is_number = isinstance(budget, int | float) and not isinstance(budget, bool)
        if not is_number or not budget >= 0 or (isinstance(budget, float) and budget >= 1):
            raise ConfigError(
                'Expected `max_bad_samples` to be a number of clips (int) or a share of them '
                f'below 1 (float), but got {budget!r}.'
            )
        self.budget = budget
        self.limit = int(budget * size) if isinstance(budget, float) else budget
        self.source = source
        #: CSV file that lists them, or None.
        self.report: Path | None = None

    def __deepcopy__(self, memo: dict) -> 'BadSamples':
        return BadSamples(len(self.marks), self.budget, self.source)

    def add_error(self, index: int, path: str, error: DataError) -> None:
        """Count a clip and list it, or give up.

        Args:
            index: of the clip in the list.
            path: of its video.
            error: why it cannot be used.

        Raises:
            DataError: more clips than the limit; the error itself where none is allowed.
        """
        is_new = not self.marks[index]
        if is_new and len(self) == self.limit:
            if self.limit == 0:
                raise error
            raise DataError(
                f'{error} With it, {self.limit + 1} of {len(self.marks)} {self.source} clips '
                f'cannot be used; `max_bad_samples` allows {self.limit}. Repair them, or take '
                f'them out of the list{self._where()}.'
            ) from error
        self.add(index, f'{error} Another {self.source} clip takes its place')
        if is_new and self.report is not None:
            append_row(self.report, (self.source, path, str(error)))

    def _where(self) -> str:
        return f' (see {self.report})' if self.report else ''


def begin_report(path: Path, keep: bool) -> None:
    """Make a report with its header, in place of an older one.

    Args:
        path: of the CSV file.
        keep: whether an older one stays, as of a run that is resumed.
    """
    if not (keep and path.is_file()):
        path.write_text(','.join(COLUMNS) + '\n', encoding='utf-8')


def append_row(path: Path, row: tuple[str, ...]) -> None:
    """Append a row, unless it is there.

    Several workers may do so at once: each row is written by one call to the system.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerow(row)
    line = text.getvalue()
    if path.is_file() and line in path.read_text('utf-8'):
        return
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
