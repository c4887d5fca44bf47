"""What a training run has logged, in all of its sessions.

MMEngine writes a file of scalars for each session, in a folder that has the time for its name. A
run that was stopped and resumed has several, and a work dir may have those of earlier runs too.
"""

import ast
import json
import os
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from mmavssl.utils.errors import DataError

#: Of a session in a work dir.
FILES = '*/vis_data/scalars.json'
Line = dict[str, Any]


def read_run(path: str | Path) -> list[Line]:
    """Return what a run has logged, each step once and in order.

    What a resumed session repeats is taken from there, and what was lost before is left out.

    Args:
        path: a work dir, for the last run there, or the file of a session, for that one alone.

    Returns:
        Lines with ``step``. Those of training have ``iter``; the others are validations, whose
        step is the epoch. Nothing of a work dir without any training.

    Raises:
        DataError: see `read_lines`.
    """
    path = Path(path)
    if path.is_file():
        return read_lines(path)
    return joined([*sessions_of(path).values()])


def sessions_of(work_dir: Path) -> dict[Path, list[Line]]:
    """Return the files of the last run of a work dir, and what each has; those that trained.

    Raises:
        DataError: see `read_lines`.
    """
    found: dict[Path, list[Line]] = {}
    for file in sorted(work_dir.glob(FILES)):
        lines = read_lines(file)
        if first_step(lines) is None:  # a test, or stopped before it had logged anything
            continue
        earlier = found if goes_on(file, lines, [*found.values()]) else {}
        found = {**earlier, file: lines}
    return found


def read_lines(file: Path) -> list[Line]:
    """Return the lines of a file; not half a last one, where the run was ended as it wrote.

    Raises:
        DataError: another line is no JSON object with a step; names the file and the line.
    """
    found = []
    with file.open(encoding='utf-8', errors='replace') as opened:
        for number, text in enumerate(opened, 1):
            line = parsed(text)
            if line is not None:
                found.append(line)
            elif text.endswith('\n'):
                raise DataError(
                    f'Line {number} of {file} is no JSON object with a `step`: {text[:80]!r}.'
                )
    return found


def parsed(text: str) -> Line | None:
    """Return what a line says, None if it is none.

    >>> parsed('{"step": 1}'), parsed('{"step": '), parsed('{"loss": 1.0}')
    ({'step': 1}, None, None)
    """
    try:
        line = json.loads(text)
    except ValueError:
        return None
    has_step = isinstance(line, dict) and isinstance(line.get('step'), (int, float))
    return line if has_step else None


def goes_on(file: Path, lines: Sequence[Line], before: Sequence[Sequence[Line]]) -> bool:
    """Whether a session has resumed the run of the sessions before it.

    MMEngine writes the config beside the scalars, and tools/train.py says there what was resumed.
    Where there is no config, a session that begins with the first step begins a new run.

    Args:
        file: of the session.
        lines: of the session.
        before: lines of each session of that run.
    """
    if not before:
        return False
    config = file.with_name('config.py')
    if not config.is_file():
        return first_step(lines) > first_step(before[0])
    settings = settings_of(config)
    if not settings.get('resume'):
        return False
    place, work_dir = settings.get('load_from'), settings.get('work_dir')
    if not (place and work_dir):
        return True
    return is_same_tail(os.path.dirname(place), work_dir)  # not from the run of another work dir


def settings_of(config: Path) -> dict[str, Any]:
    """Return the numbers, texts and truth values at the top of a config, which is not run."""
    try:
        tree = ast.parse(config.read_text(encoding='utf-8'))
    except (SyntaxError, ValueError):
        return {}
    return {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }


def is_same_tail(one: str, other: str) -> bool:
    """Whether two paths may be one place, of which one is told from somewhere else.

    >>> is_same_tail('/repo/work_dirs/a', './work_dirs/a'), is_same_tail('there', 'here')
    (True, False)
    """
    parts = [Path(os.path.normpath(path)).parts for path in (one, other)]
    return all(a == b for a, b in zip(*map(reversed, parts), strict=False))


def joined(sessions: Sequence[Sequence[Line]]) -> list[Line]:
    """Return the lines of a run from those of its sessions.

    >>> first = [{'step': 10, 'iter': 10}, {'step': 1, 'top1': 5.0}, {'step': 20, 'iter': 20}]
    >>> [line['step'] for line in joined([first, [{'step': 15, 'iter': 15}]])]
    [10, 1, 15]
    """
    found: list[Line] = []
    for lines in sessions:
        found = [*kept(found, lines), *lines]
    return found


def kept(before: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """Return the lines before those that a session has made again."""
    begin = first_step(lines)
    earlier = takewhile(lambda line: not (is_training(line) and line['step'] >= begin), before)
    tests = [line['step'] for line in lines if not is_training(line)]
    return [
        line for line in earlier if is_training(line) or not tests or line['step'] < min(tests)
    ]


def first_step(lines: Sequence[Line]) -> float | None:
    """Return the first step of training, None where there is none.

    Where no line has ``iter``, as in files that MMEngine has not written, those with ``loss`` are
    of training.
    """
    found = [line for line in lines if is_training(line)]
    found = found or [line for line in lines if 'loss' in line]
    return found[0]['step'] if found else None


def is_training(line: Mapping[str, Any]) -> bool:
    """Whether a line is of training and not of a validation."""
    return 'iter' in line
