"""The table of what was found in the files: ``probe.csv``."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, fields
from io import StringIO
from pathlib import Path
from typing import TextIO

from mmavssl.datasets.preparation.probe import Probe

COLUMNS = tuple(field.name for field in fields(Probe))
TYPES = tuple(field.type for field in fields(Probe))
READ = {str: str, int: int, float: float, bool: lambda text: text == 'True'}


def read_probes(path: Path) -> dict[str, Probe]:
    """Read a table; one that does not exist is empty.

    What a killed run leaves as its last line is left out, and so are lines of another version.
    """
    if not path.is_file():
        return {}
    text = path.read_text('utf-8')
    whole = text[: text.rfind('\n') + 1]
    rows = csv.reader(StringIO(whole, newline=''))
    if tuple(next(rows, ())) != COLUMNS:
        return {}
    probes = (_probe(row) for row in rows)
    return {probe.path: probe for probe in probes if probe}


def _probe(row: list[str]) -> Probe | None:
    try:
        return Probe(*(READ[kind](text) for kind, text in zip(TYPES, row, strict=True)))
    except ValueError:
        return None


def write_probes(path: Path, probes: Mapping[str, Probe]) -> None:
    """Write a table by path; the old one stands until the new one is whole."""
    new = path.with_name(f'{path.name}.new')
    with new.open('w', encoding='utf-8', newline='') as file:
        append_probes(file, [probes[name] for name in sorted(probes)], header=True)
    os.replace(new, path)


def append_probes(file: TextIO, probes: Iterable[Probe], header: bool = False) -> None:
    """Append rows to an open table, and see that they are in the file."""
    rows = csv.writer(file, lineterminator='\n')
    if header:
        rows.writerow(COLUMNS)
    rows.writerows(_row(probe) for probe in probes)
    file.flush()


def _row(probe: Probe) -> Iterator[str]:
    return (' '.join(str(value).splitlines()) for value in astuple(probe))
