"""Run a job as a program that was just started, in a fork of this process.

What this process has imported, it has imported; what it changes is gone when it ends.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import mmengine.config.config

SECONDS = 200


class PageError(AssertionError):
    """A command or program of a page has failed."""


def run_forked(
    job: Callable[[], object],
    folder: Path,
    variables: dict[str, str],
    title: str,
    answer: str | None = None,
) -> None:
    """Run a job in a fork of this process, with its output in a file.

    Args:
        job: what to do.
        folder: where.
        variables: of the environment.
        title: for errors.
        answer: last lines of a job that is to fail with status 2; None for one that is not.

    Raises:
        PageError: another exit status, another answer, or it takes too long.
    """
    log = folder / 'output.log'
    process = os.fork()
    if process == 0:
        os._exit(run_as_child(job, folder, variables, log))
    end = time.monotonic() + SECONDS
    while not (ended := os.waitpid(process, os.WNOHANG))[0] and time.monotonic() < end:
        time.sleep(0.02)
    if not ended[0]:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
    status = os.waitstatus_to_exitcode(ended[1]) if ended[0] else f'more than {SECONDS} s'
    output = log.read_text().rstrip()
    expected = (0, '') if answer is None else (2, answer.rstrip())
    if status != expected[0] or not output.endswith(expected[1]):
        raise PageError(f'{title}\nstatus: {status}\n{output[-3000:]}')


def run_as_child(
    job: Callable[[], object], folder: Path, variables: dict[str, str], log: Path
) -> int:
    """Run a job as a program that was just started; return its exit status."""
    os.setpgid(0, 0)
    with log.open('w') as output, open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.stdout, sys.stderr = map(line_writer, (1, 2))
    mmengine.config.config.FormatCode = lambda text, **_: (text, True)  # seconds each
    os.chdir(folder)
    os.environ.update(variables)
    paths = variables.get('PYTHONPATH', '').split(os.pathsep)
    sys.path[:0] = [str(Path(path).resolve()) for path in paths if path]
    try:
        job()
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            print(leaving.code)
            return 1
        return leaving.code or 0
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        return 1
    return 0


def line_writer(number: int) -> TextIO:
    """Return a file object of a descriptor that is open already."""
    return os.fdopen(number, 'w', buffering=1)
