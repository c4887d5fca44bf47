"""Find the terminal that somebody watches, if anybody does."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

#: Names the terminal of a tool that runs another one and keeps its output in a file.
VARIABLE = 'MMAVSSL_TERMINAL'
#: Values of TERM for what cannot go back in a line.
DUMB = ('dumb', 'unknown')


@contextmanager
def open_terminal() -> Iterator[TextIO | None]:
    """Give stderr, if that is a terminal, or the one that the environment names, or None."""
    if os.environ.get('TERM') in DUMB:
        yield None
        return
    if sys.stderr is not None and sys.stderr.isatty():
        yield sys.stderr
        return
    try:
        descriptor = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_NOCTTY)
    except (KeyError, OSError):
        yield None
        return
    with open(descriptor, 'w', errors='replace') as file:
        yield file if file.isatty() else None


def is_watched() -> bool:
    """Whether there is such a terminal."""
    with open_terminal() as terminal:
        return terminal is not None


def terminal_for_child() -> dict[str, str]:
    """Return what the environment of a command has to name for its bars to be drawn here."""
    try:
        return {VARIABLE: os.ttyname(sys.stderr.fileno())}
    except (OSError, AttributeError, ValueError):  # no terminal, one without a name, no stderr
        return {}


def width_of(terminal: TextIO) -> int:
    """Return its number of columns; 80 where it tells none."""
    try:
        return os.get_terminal_size(terminal.fileno()).columns or 80
    except OSError:
        return 80
