"""Lists of clips: manifests with a header, and the text lists of other projects."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np

from mmavssl.datasets.clip_table import ClipEntry, ClipTable
from mmavssl.datasets.clip_table_builder import ClipTableBuilder
from mmavssl.datasets.list_parser import STRAY, IgnoredLabels, LabelIndex, RowParser
from mmavssl.datasets.list_rows import COLUMNS, open_rows, read_text
from mmavssl.utils.errors import DataError


def read_classes(path: str | Path) -> tuple[str, ...]:
    """Read class names, one a line.

    Raises:
        DataError: missing or empty file, or a name twice.
    """
    names = [name for line in read_text(path).splitlines() if (name := line.strip())]
    if not names:
        raise DataError(f'{path} names no class. Write one class name per line.')
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f'{path} has the class {twice!r} more than once. Remove one of the lines.')
    return tuple(names)


def read_manifest(path: str | Path, classes: Sequence[str] | None) -> ClipTable:
    """Read a CSV manifest, ``path,label[,start,end,audio_path,confidence]``, or a text list.

    A text list (mmaction2's, SVFormer's) has ``path label`` in each line, the label after the last
    space; line ends may be those of Windows. Labels are class indices, or names in a manifest;
    without labels (unlabeled lists) the column of a manifest is missing or empty.

    Args:
        path: the list.
        classes: class names, which give the range of the labels; None: labels are left out.

    Returns:
        A sequence of `ClipEntry`, small enough for lists of millions (see `ClipTable`).

    Raises:
        DataError: names the file, the line, what is wrong with it and what to do.
    """
    builder = ClipTableBuilder()
    with open_rows(path) as rows:
        named = rows.names_allowed
        labels = IgnoredLabels() if classes is None else LabelIndex(classes, named)
        parser = RowParser(path, rows, labels)
        for portion, lines in rows:
            builder.add(parser.parse(portion, lines))
    table = builder.build()
    if not len(table):
        raise DataError(
            f'{path} lists no clip. Write one in each line, under the header "path,label".'
        )
    _check_range(path, table, labels)
    _check_unique(path, table, builder)
    return table


def write_manifest(
    path: str | Path, entries: Sequence[ClipEntry], classes: Sequence[str] | None = None
) -> None:
    """Write a CSV manifest with the columns that any entry fills (path and label always).

    Args:
        path: of the file.
        entries: its rows.
        classes: class names, which then stand in the place of class indices.
    """
    Path(path).write_text(format_manifest(entries, classes), encoding='utf-8', newline='\n')


def format_manifest(
    entries: Sequence[ClipEntry], classes: Sequence[str] | None = None
) -> str:
    r"""Return the text of the CSV manifest that `write_manifest` writes.

    >>> format_manifest([ClipEntry('a.mp4', 3), ClipEntry('b.mp4')])
    'path,label\na.mp4,3\nb.mp4,\n'
    >>> format_manifest([ClipEntry('a.mp4', 1, confidence=0.9)], ('run', 'jump'))
    'path,label,confidence\na.mp4,jump,0.9\n'
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
        if classes is not None and entry.label is not None:
            entry = replace(entry, label=classes[entry.label])
        values = (getattr(entry, name) for name in columns)
        writer.writerow(['' if value is None else value for value in values])
    return text.getvalue()


def _check_range(path: str | Path, table: ClipTable, labels: LabelIndex) -> None:
    if not labels.strays:
        return
    line = table.lines[np.argmax(table.labels == STRAY)]
    count = labels.num_classes
    advice = 'Correct the label, or name its class in the classes file.'
    if labels.count_from_one():
        advice = 'The labels of this list seem to count from 1: subtract 1 from each.'
    raise DataError(
        f'{path}:{line}: label {labels.strays[0]} is out of range: there are {count} '
        f'classes, 0 to {count - 1}. {advice}'
    )


def _check_unique(path: str | Path, table: ClipTable, builder: ClipTableBuilder) -> None:
    if repeat := builder.first_repeat(table):
        first, again = (table[row] for row in repeat)
        raise DataError(
            f'{path}:{again.line}: {again.path} is in line {first.line} already. Remove one.'
        )
