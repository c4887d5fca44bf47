"""Lists of clips: manifests with a header, and the text lists of other projects."""

import csv
from dataclasses import dataclass
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
    """

    path: str
    label: int | None = None
    start: float | None = None
    end: float | None = None
    audio_path: str | None = None


def read_classes(path: str | Path) -> tuple[str, ...]:
    """Read class names, one a line.

    Raises:
        DataError: empty file, or a name twice.
    """
    names = tuple(line.strip() for line in Path(path).read_text('utf-8').splitlines())
    names = tuple(name for name in names if name)
    if not names:
        raise DataError(f'{path} names no class. Write one class name per line.')
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DataError(f'{path} has the class {sorted(twice)[0]!r} more than once.')
    return names


def read_manifest(path: str | Path, classes: tuple[str, ...]) -> list[ClipEntry]:
    """Read a CSV manifest with the header ``path,label[,start,end,audio_path]``, or a text list.

    A text list (mmaction2's, SVFormer's) has ``path label`` in each line, the label after the last
    space; line ends may be those of Windows. Labels are class indices, or names in a manifest;
    without labels (unlabeled lists) the column is missing or empty.

    Args:
        path: the list.
        classes: class names, which give the range of the labels.

    Raises:
        DataError: names the file, the line and what is wrong with it.
    """
    path = Path(path)
    with path.open(encoding='utf-8', newline='') as file:
        first = file.readline()
        file.seek(0)
        is_csv = path.suffix.lower() == '.csv' and 'path' in first.strip().split(',')
        rows = _csv_rows(path, file) if is_csv else _text_rows(path, file)
        entries = [_entry(path, line, row, classes) for line, row in rows]
    if not entries:
        raise DataError(f'{path} lists no clip.')
    seen: dict[tuple, int] = {}
    for (line, _), entry in zip(rows, entries, strict=True):
        key = (entry.path, entry.start, entry.end)
        if key in seen:
            raise DataError(f'{path}:{line}: {entry.path} stands in line {seen[key]} already.')
        seen[key] = line
    return entries


def write_manifest(path: str | Path, entries: list[ClipEntry]) -> None:
    """Write a CSV manifest with the columns that any entry fills (path and label always)."""
    columns = [
        name
        for name in COLUMNS
        if name in COLUMNS[:2] or any(getattr(entry, name) is not None for entry in entries)
    ]
    with Path(path).open('w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(columns)
        for entry in entries:
            values = (getattr(entry, name) for name in columns)
            writer.writerow(['' if value is None else value for value in values])


def _csv_rows(path: Path, file) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(file)
    unknown = set(reader.fieldnames or ()) - set(COLUMNS)
    if unknown:
        raise DataError(
            f'{path}:1: unknown column {sorted(unknown)[0]!r}; the header may have '
            f'{", ".join(COLUMNS)}.'
        )
    return [(reader.line_num, row) for row in reader]


def _text_rows(path: Path, file) -> list[tuple[int, dict[str, str]]]:
    rows = []
    for number, line in enumerate(file, start=1):
        line = line.strip()
        if not line:
            continue
        video, separator, label = line.rpartition(' ')
        if not separator:
            raise DataError(f'{path}:{number}: expected `path label`, but got {line!r}.')
        rows.append((number, {'path': video, 'label': label}))
    return rows


def _entry(path: Path, line: int, row: dict[str, str], classes: tuple[str, ...]) -> ClipEntry:
    if None in row or not row.get('path'):
        raise DataError(f'{path}:{line}: expected a path and the columns of the header.')
    return ClipEntry(
        row['path'],
        _label(f'{path}:{line}', row.get('label'), classes),
        _seconds(f'{path}:{line}', 'start', row.get('start')),
        _seconds(f'{path}:{line}', 'end', row.get('end')),
        row.get('audio_path') or None,
    )


def _label(where: str, text: str | None, classes: tuple[str, ...]) -> int | None:
    if text is None or text == '':
        return None
    if text in classes:
        return classes.index(text)
    try:
        label = int(text)
    except ValueError:
        raise DataError(f'{where}: {text!r} is neither a class index nor a class name.') from None
    if not 0 <= label < len(classes):
        hint = ' Labels start at 0.' if label == len(classes) else ''
        raise DataError(
            f'{where}: label {label} is out of range: there are {len(classes)} classes, '
            f'0 to {len(classes) - 1}.{hint}'
        )
    return label


def _seconds(where: str, name: str, text: str | None) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise DataError(f'{where}: expected `{name}` in seconds, but got {text!r}.') from None
