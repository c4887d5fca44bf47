"""Run a command that takes long, and know what it took."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Outcome(NamedTuple):
    """How a command ended.

    Attributes:
        status: its exit status, negative for a signal.
        seconds: that it took.
        peak_mb: resident memory of its largest process, in MB; at least that of the process that
            started it, as the system counts.
    """

    status: int
    seconds: float
    peak_mb: float


def run_child(command: Sequence[str], log: Path, cwd: Path) -> Outcome:
    """Run a command with its output in a file, and wait for it.

    It does not outlive an exception in this process, such as that of a signal: it is asked to end
    by SIGTERM, so that a training run saves, and waited for.

    Args:
        command: words of the command.
        log: output is added to it.
        cwd: where it runs.
    """
    begin = time.monotonic()
    with log.open('a') as output:
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return Outcome(process.returncode, time.monotonic() - begin, round(usage.ru_maxrss / 1024, 1))


def tail(log: Path, count: int = 30) -> list[str]:
    """Return the last lines of a file that are not empty."""
    lines = log.read_text(errors='replace').splitlines() if log.exists() else []
    return [line for line in lines if line.strip()][-count:]
