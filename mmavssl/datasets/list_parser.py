"""Values of the rows of a list."""

from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite, nan
from operator import itemgetter
from pathlib import Path

import numpy as np

from mmavssl.datasets.clip_table_builder import ClipPortion
from mmavssl.datasets.list_rows import CsvRows, TextRows
from mmavssl.utils.errors import DataError

NO_LABEL = -1
STRAY = -2


class RowError(ValueError):
    """What is wrong with a row, without its place."""


class LabelIndex(dict):
    """Class index by the text of a label; `NO_LABEL` for none, `STRAY` if there is no such class.

    A list has few different texts, and each is looked at once. Strays are not refused at once:
    only the whole list tells labels that count from 1 from a single one out of range.

    Args:
        classes: class names, which give the range.
        names_allowed: a label may be the name of a class.
    """

    def __init__(self, classes: Sequence[str], names_allowed: bool) -> None:
        super().__init__()
        self.num_classes = len(classes)
        self.by_name = {name: i for i, name in enumerate(classes)} if names_allowed else {}
        self.expected = 'a class index or a name of the classes file'
        if not names_allowed:
            self.expected = 'a class index after the last space (names need a CSV with a header)'
        self.strays: list[int] = []

    def __missing__(self, text: str) -> int:
        label = self._parse(text.strip())
        if label is None:
            label = NO_LABEL
        elif not 0 <= label < self.num_classes:
            if len(self.strays) < 2 and label not in self.strays:  # more would tell nothing
                self.strays.append(label)
            return STRAY  # and is not kept: there may be as many as rows
        self[text] = label
        return label

    def count_from_one(self) -> bool:
        """Say if the labels seen are from 1 to the number of classes."""
        return self.strays == [self.num_classes] and 0 not in self.values()

    def _parse(self, text: str) -> int | None:
        if not text:
            return None
        named = self.by_name.get(text)
        try:
            label = int(text)
        except ValueError:
            if named is None:
                raise RowError(f'expected {self.expected}, but got {text!r}.') from None
            return named
        if named not in (None, label):
            raise RowError(
                f'the label {text!r} may mean class {label} or the class of that name, which is '
                f'number {named}. Rename the class.'
            )
        return label


class IgnoredLabels(LabelIndex):
    """`NO_LABEL` for any text, for whoever wants the clips of a list alone."""

    def __init__(self) -> None:
        super().__init__((), names_allowed=False)

    def _parse(self, text: str) -> int | None:
        return None


class RowParser:
    """Turn rows into columns of values, and say which row is at fault.

    Args:
        path: of the list, for errors.
        rows: where they come from.
        labels: index of the classes.
    """

    def __init__(self, path: str | Path, rows: CsvRows | TextRows, labels: LabelIndex) -> None:
        self.path, self.rows, self.labels = path, rows, labels

    def parse(self, rows: Sequence[Sequence[str]], lines: np.ndarray) -> ClipPortion:
        """Parse rows.

        Raises:
            DataError: names the line of the first row with a fault.
        """
        try:
            return self._parse(rows, lines)
        except RowError:  # of a column: the first row with a fault of any kind has a message
            for i, row in enumerate(rows):
                try:
                    self._parse([row], lines[i : i + 1])
                except RowError as fault:
                    raise DataError(f'{self.path}:{lines[i]}: {fault}') from None
            raise

    def _parse(self, rows: Sequence[Sequence[str]], lines: np.ndarray) -> ClipPortion:
        names = self.rows.columns
        if set(map(len, rows)) != {len(names)}:
            raise RowError(self.rows.expected(rows[0]))
        columns = {name: list(map(itemgetter(i), rows)) for i, name in enumerate(names)}
        if not all(map(str.strip, columns['path'])):
            raise RowError(self.rows.expected(rows[0]))
        starts, ends = (
            _numbers(columns.get(name), partial(_second, name)) for name in ('start', 'end')
        )
        _check_order(starts, ends)
        labels = np.full(len(rows), NO_LABEL)
        if 'label' in columns:
            texts = columns['label']
            labels = np.fromiter(map(self.labels.__getitem__, texts), np.int64, len(texts))
        confidences = _numbers(columns.get('confidence'), _confidence)
        return ClipPortion(
            columns['path'], labels, lines, starts, ends, columns.get('audio_path'), confidences
        )


def _numbers(
    texts: Sequence[str] | None, parse: Callable[[str], float]
) -> np.ndarray | None:
    if texts is None:
        return None
    return np.array([parse(text) if text else nan for text in texts])


def _second(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise RowError(f'expected `{name}` in seconds from 0 on, but got {text!r}.')
    return value + 0.0  # no -0.0: it is the same time, but not the same bits


def _confidence(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not 0 <= value <= 1:
        raise RowError(f'expected `confidence` to be from 0 to 1, but got {text!r}.')
    return value


def _check_order(starts: np.ndarray | None, ends: np.ndarray | None) -> None:
    if ends is None:
        return
    late = ends <= (0 if starts is None else np.nan_to_num(starts))
    if late.any():
        raise RowError(f'expected `end` to be after `start`, but got {ends[late][0]:g}.')
