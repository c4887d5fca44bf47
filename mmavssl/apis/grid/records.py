"""Results of the runs of grids: one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmavssl.utils.atomic_write import write_atomically
from mmavssl.utils.errors import DataError

Record = dict[str, Any]
NEEDED = ('row', 'seed', 'config', 'config_hash', 'student')


def results_file(folder: Path, grid: str) -> Path:
    """Return where the results of a grid are."""
    return folder / f'grid_{grid}.jsonl'


def read_records(path: Path) -> list[Record]:
    """Return the results in a file, none where there is no file.

    Raises:
        DataError: a line is no result; names the file and the line.
    """
    records = []
    lines = path.read_text().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            missing = [key for key in NEEDED if key not in record]
        except (ValueError, TypeError) as error:
            raise DataError(
                f'Line {number} of {path} is no result: {error}. Take the line out, and run the '
                'grid with --resume.'
            ) from None
        if missing:
            raise DataError(f'Line {number} of {path} has no {", ".join(missing)}. Take it out.')
        records.append(record)
    return records


def write_record(path: Path, record: Record) -> None:
    """Add a result to a file, in the place of an earlier one of the same row and seed."""
    others = [other for other in read_records(path) if key_of(other) != key_of(record)]
    text = ''.join(f'{json.dumps(each)}\n' for each in (*others, record))
    write_atomically(path, text.encode())


def key_of(record: Record) -> tuple[str, int]:
    """Return of which row and seed a result is."""
    return record['row'], record['seed']


def results_elsewhere(folder: Path, grid: str, config_hash: str, seed: int) -> Iterator[Record]:
    """Yield the results of other grids for the same config and seed.

    Args:
        folder: of the results.
        grid: whose own results do not count.
        config_hash: of the config.
        seed: of the run.
    """
    for path in sorted(folder.glob(results_file(folder, '*').name)):
        if path == results_file(folder, grid):
            continue
        for record in read_records(path):
            if record['config_hash'] == config_hash and record['seed'] == seed:
                yield record
