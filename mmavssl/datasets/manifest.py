"""Lists of clips: manifests with a header, and the text lists of other projects."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from math import isfinite
from pathlib import Path

from mmavssl.utils.errors import DataError

COLUMNS = ('path', 'label', 'start', 'end', 'audio_path')


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
    """

    path: str
    label: int | None = None
    start: float | None = None
    end: float | None = None
    audio_path: str | None = None
    line: int = field(default=0, compare=False)


def read_classes(path: str | Path) -> tuple[str, ...]:
    """Read class names, one a line.

    Raises:
        DataError: missing or empty file, or a name twice.
    """
    names = [name for line in _read_text(path).splitlines() if (name := line.strip())]
    if not names:
        raise DataError(f'{path} names no class. Write one class name per line.')
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f'{path} has the class {twice!r} more than once. Remove one of the lines.')
    return tuple(names)


def read_manifest(path: str | Path, classes: Sequence[str]) -> list[ClipEntry]:
    """Read a CSV manifest with the header ``path,label[,start,end,audio_path]``, or a text list.

    A text list (mmaction2's, SVFormer's) has ``path label`` in each line, the label after the last
    space; line ends may be those of Windows. Labels are class indices, or names in a manifest;
    without labels (unlabeled lists) the column of a manifest is missing or empty.

    Args:
        path: the list.
        classes: class names, which give the range of the labels.

    Raises:
        DataError: names the file, the line, what is wrong with it and what to do.
    """
    text = _read_text(path)
    header = text.partition('\n')[0].strip().split(',')
    is_csv = 'path' in header
    rows = _csv_rows(path, text) if is_csv else _text_rows(path, text)
    labels = _Labels(classes, names_allowed=is_csv)
    entries = [_entry(f'{path}:{line}', line, row, labels) for line, row in rows]
    if not entries:
        raise DataError(
            f'{path} lists no clip. Write one in each line, under the header "path,label".'
        )
    _check_range(path, entries, len(classes))
    _check_unique(path, entries)
    return entries


def write_manifest(path: str | Path, entries: Sequence[ClipEntry]) -> None:
    """Write a CSV manifest with the columns that any entry fills (path and label always)."""
    Path(path).write_text(format_manifest(entries), encoding='utf-8', newline='\n')


def format_manifest(entries: Sequence[ClipEntry]) -> str:
    r"""Return the text of the CSV manifest that `write_manifest` writes.

    >>> format_manifest([ClipEntry('a.mp4', 3), ClipEntry('b.mp4')])
    'path,label\na.mp4,3\nb.mp4,\n'
    """
    columns = [
        name
        for name in COLUMNS
        if name in COLUMNS[:2] or any(getattr(entry, name) is not None for entry in entries)
    ]
    text = StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(columns)
    for entry in entries:
        values = (getattr(entry, name) for name in columns)
        writer.writerow(['' if value is None else value for value in values])
    return text.getvalue()


def _read_text(path: str | Path) -> str:
    try:
        return Path(path).read_text('utf-8-sig')  # spreadsheets begin a file with a mark
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f'{path} is not a file. Check the path, or prepare the data.') from None
    except UnicodeDecodeError as error:
        raise DataError(f'{path} is not UTF-8 text ({error}). Save it as UTF-8.') from None


def _csv_rows(path: str | Path, text: str) -> Iterator[tuple[int, dict]]:
    reader = csv.DictReader(StringIO(text), strict=True)
    names = reader.fieldnames or []
    for name in names:
        if name not in COLUMNS or names.count(name) > 1:
            problem = 'unknown column' if name not in COLUMNS else 'twice the column'
            raise DataError(
                f'{path}:1: {problem} {name!r}. The header may have {", ".join(COLUMNS)}.'
            )
    line = 1
    try:
        for row in reader:
            line = reader.line_num
            yield line, row
    except csv.Error as error:  # it may run to the end of the file: name the line it begins in
        raise DataError(f'{path}:{line + 1}: {error}. Check the quotes in this line.') from None


def _text_rows(path: str | Path, text: str) -> Iterator[tuple[int, dict]]:
    for number, line in enumerate(text.split('\n'), start=1):
        if not line.strip():
            continue
        video, _, label = line.strip().rpartition(' ')
        if not video:
            raise DataError(
                f'{path}:{number}: expected `path label`, but got {line.strip()!r}. A list with '
                f'commas or without labels needs a header with some of {", ".join(COLUMNS)}.'
            )
        yield number, {'path': video, 'label': label}


def _entry(where: str, line: int, row: dict, labels: '_Labels') -> ClipEntry:
    if None in row or None in row.values() or not row['path'].strip():
        raise DataError(f'{where}: expected a path and one value for each column of the header.')
    start, end = (_seconds(where, name, row.get(name)) for name in ('start', 'end'))
    if end is not None and end <= (start or 0):
        raise DataError(f'{where}: expected `end` to be after `start`, but got {end:g}.')
    label = labels.index(where, row.get('label') or '')
    return ClipEntry(row['path'], label, start, end, row.get('audio_path') or None, line)


class _Labels:
    """Class indices from the text of a label; their range is checked over the whole list."""

    def __init__(self, classes: Sequence[str], names_allowed: bool) -> None:
        self.by_name = {name: i for i, name in enumerate(classes)} if names_allowed else {}
        self.expected = 'a class index or a name of the classes file'
        if not names_allowed:
            self.expected = 'a class index after the last space (names need a CSV with a header)'

    def index(self, where: str, text: str) -> int | None:
        text = text.strip()
        if not text:
            return None
        named = self.by_name.get(text)
        try:
            label = int(text)
        except ValueError:
            if named is None:
                raise DataError(f'{where}: expected {self.expected}, but got {text!r}.') from None
            return named
        if named not in (None, label):
            raise DataError(
                f'{where}: the label {text!r} may mean class {label} or the class of that name, '
                f'which is number {named}. Rename the class.'
            )
        return label


def _check_range(path: str | Path, entries: list[ClipEntry], num_classes: int) -> None:
    labeled = [entry for entry in entries if entry.label is not None]
    wrong = next((entry for entry in labeled if not 0 <= entry.label < num_classes), None)
    if wrong is None:
        return
    advice = 'Correct the label, or name its class in the classes file.'
    labels = {entry.label for entry in labeled}
    if min(labels) >= 1 and max(labels) == num_classes:
        advice = 'The labels of this list seem to count from 1: subtract 1 from each.'
    raise DataError(
        f'{path}:{wrong.line}: label {wrong.label} is out of range: there are {num_classes} '
        f'classes, 0 to {num_classes - 1}. {advice}'
    )


def _check_unique(path: str | Path, entries: list[ClipEntry]) -> None:
    seen: dict[tuple, int] = {}
    for entry in entries:
        first = seen.setdefault((entry.path, entry.start, entry.end), entry.line)
        if first != entry.line:
            raise DataError(
                f'{path}:{entry.line}: {entry.path} is in line {first} already. Remove one.'
            )


def _seconds(where: str, name: str, text: str | None) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise DataError(f'{where}: expected `{name}` in seconds from 0 on, but got {text!r}.')
    return value
