"""Rows of a list as text, in portions: a list is never in memory as a whole."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

import numpy as np

from mmavssl.utils.errors import DataError

COLUMNS = ('path', 'label', 'start', 'end', 'audio_path', 'confidence')
# Rows at a time, fewer than the 700 lasting objects (2000 from Python 3.12 on) after which the
# garbage collector looks at them: with 8192, it took twice as long as all the rest.
PORTION = 512

Portions = Iterator[tuple[list[Sequence[str]], np.ndarray]]


def read_text(path: str | Path) -> str:
    """Return the text of a file.

    Raises:
        DataError: no file, or not UTF-8.
    """
    try:
        return Path(path).read_text('utf-8-sig')  # spreadsheets begin a file with a mark
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f'{path} is not a file. Check the path, or prepare the data.') from None
    except UnicodeDecodeError as error:
        raise DataError(f'{path} is not UTF-8 text ({error}). Save it as UTF-8.') from None


@contextmanager
def open_rows(path: str | Path) -> Iterator['CsvRows | TextRows']:
    """Open a list; a first line with the column ``path`` makes it a CSV manifest.

    Raises:
        DataError: no file, not UTF-8, or a header that is not understood.
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            first = file.readline()
            lines = chain([first], file)
            is_csv = 'path' in first.replace('"', '').strip().split(',')
            yield CsvRows(path, lines) if is_csv else TextRows(lines)
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
        read_text(path)  # says it, and where in the file: the error here counts within a buffer
        raise


class CsvRows:
    """Rows of a CSV manifest, each a list of strings.

    Args:
        path: for errors.
        lines: all lines, the header first.

    Raises:
        DataError: a header that is not understood.
    """

    names_allowed = True

    def __init__(self, path: str | Path, lines: Iterator[str]) -> None:
        self.path = path
        self.reader = csv.reader(lines, strict=True)
        self.fault: csv.Error | None = None
        self.rows = self._until_fault()
        self.columns = next(self.rows, [])
        self._check_fault(line=1)
        for name in self.columns:
            if name not in COLUMNS or self.columns.count(name) > 1:
                problem = 'unknown column' if name not in COLUMNS else 'twice the column'
                raise DataError(
                    f'{path}:1: {problem} {name!r}. The header may have {", ".join(COLUMNS)}.'
                )

    def __iter__(self) -> Portions:
        """Yield rows and their line numbers.

        Raises:
            DataError: quotes that do not match.
        """
        done = self.reader.line_num
        while rows := list(islice(self.rows, PORTION)):
            lines = np.arange(done + 1, done + 1 + len(rows))
            if self.reader.line_num != lines[-1]:  # there are quoted line breaks
                breaks = [''.join(row).count('\n') for row in rows]
                lines += np.cumsum(breaks)
            done = int(lines[-1])
            yield from _filled(rows, lines)
        self._check_fault(line=done + 1)

    def expected(self, row: Sequence[str]) -> str:
        """Say what is wrong with a row that has not one value per column, or no path."""
        return (
            f'expected a path and one value for each column of the header '
            f'({",".join(self.columns)}), but got {",".join(row)!r}.'
        )

    def _until_fault(self) -> Iterator[list[str]]:
        try:
            yield from self.reader
        except csv.Error as error:  # the rows before it come first
            self.fault = error

    def _check_fault(self, line: int) -> None:
        if self.fault:  # it may run to the end of the file: name the line it begins in
            raise DataError(
                f'{self.path}:{line}: {self.fault}. Check the quotes in this line.'
            ) from None


class TextRows:
    """Rows of a text list: what is before the last space of a line, and what is after it.

    Args:
        lines: all lines.
    """

    columns = ('path', 'label')
    names_allowed = False

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines

    def __iter__(self) -> Portions:
        """Yield rows and their line numbers."""
        done = 0
        while texts := [line.strip() for line in islice(self.lines, PORTION)]:
            lines = np.arange(done + 1, done + 1 + len(texts))
            done = int(lines[-1])
            for filled, numbers in _filled(texts, lines):
                yield [text.rpartition(' ')[::2] for text in filled], numbers

    @staticmethod
    def expected(row: Sequence[str]) -> str:
        """Say what is wrong with a row without a path."""
        return (
            f'expected `path label`, but got {row[-1]!r}. A list with commas or without labels '
            f'needs a header with some of {", ".join(COLUMNS)}.'
        )


def _filled(items: list, lines: np.ndarray) -> Iterator[tuple[list, np.ndarray]]:
    """Leave out what stands for a blank line, and a portion of nothing else."""
    if not all(items):
        lines = lines[np.fromiter(map(bool, items), bool, len(items))]
        items = list(filter(None, items))
    if items:
        yield items, lines
