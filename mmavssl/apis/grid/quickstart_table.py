"""The table of what quickstarts have measured."""

import json
from pathlib import Path
from typing import Any

from mmavssl.utils.errors import DataError
from mmavssl.utils.markdown import markdown_table

#: Copies of ``work_dirs/quickstart/summary.json`` of several machines.
FILES = 'quickstart_*.json'
ROWS = (
    ('ASL-Mix, student', 'student_top1', '{:.1f} %'),
    ('ASL-Mix, its teacher', 'teacher_top1', '{:.1f} %'),
    ('supervised', 'supervised_top1', '{:.1f} %'),
    ('chance', 'chance', '{:.1f} %'),
    ('localizer: maximum in the box of what sounds', 'localizer_pointing', '{:.1f} % of frames'),
    ('by chance', 'localizer_chance', '{:.1f} %'),
    ('training ASL-Mix', 'asl_mix_train_seconds', '{:.0f} s'),
    ('supervised training', 'supervised_train_seconds', '{:.0f} s'),
    ('all of the quickstart', 'seconds', '{:.0f} s'),
)


def quickstart_table(results: Path) -> str:
    """Return the table, one column for each machine.

    Args:
        results: folder of the result files.

    Raises:
        DataError: a figure is missing.
    """
    summaries = {path: json.loads(path.read_text()) for path in sorted(results.glob(FILES))}
    header = ('', *(path.stem.partition('_')[2] for path in summaries))
    rows = [
        (title, *(form.format(figure(path, key, each)) for path, each in summaries.items()))
        for title, key, form in ROWS
    ]
    return markdown_table(header, rows)


def figure(path: Path, key: str, summary: dict[str, Any]) -> float:
    """Return a figure of a summary.

    Raises:
        DataError: it is not there.
    """
    if key not in summary:
        raise DataError(
            f'{path} has no {key}. Copy work_dirs/quickstart/summary.json of a quickstart there.'
        )
    return summary[key]
