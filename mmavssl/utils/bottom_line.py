"""The last line of a terminal, drawn again and again; what is printed is whole, and above it."""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TextIO

#: To the first column, and empty the line.
CLEAR = '\r\x1b[2K'

#: Those that are shown, the outer ones first; the last one is drawn.
_shown: list['BottomLine'] = []


class BottomLine:
    """A line that stays below what Python prints on the same terminal, through whatever stream.

    It is drawn by the process that has made it, and only there. Where the terminal has gone, the
    work goes on without the line.

    Args:
        terminal: where it is drawn.
        render: returns its text, without the end of a line.
    """

    def __init__(self, terminal: TextIO, render: Callable[[], str]) -> None:
        self.terminal = terminal
        self.render = render
        self.process = os.getpid()
        self.is_lost = False
        self.is_interrupted = False  # by the beginning of another line, whose end is to come
        self.changed_at = -float('inf')

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw the line, and take it away at the end; one that is there waits meanwhile."""
        with _printing_above(not _shown):
            _shown.append(self)
            try:
                self.draw()
                yield
            finally:
                _shown.pop()
                self.erase()
                if _shown:
                    _shown[-1].draw()

    def draw(self, interval: float = 0) -> None:
        """Draw the line with its text of now, if it was not touched for so many seconds."""
        is_late = time.monotonic() - self.changed_at >= interval
        is_last = bool(_shown) and _shown[-1] is self
        if is_late and is_last and not self.is_interrupted and os.getpid() == self.process:
            self._put(CLEAR + self.render())

    def erase(self) -> None:
        """Take the line away, until it is drawn again."""
        if not self.is_interrupted:
            self._put(CLEAR)

    def _put(self, text: str) -> None:
        if self.is_lost:
            return
        try:
            type(self.terminal).write(self.terminal, text)  # not what `_printing_above` has set
            self.terminal.flush()
        except OSError:
            self.is_lost = True
        self.changed_at = time.monotonic()


@contextmanager
def _printing_above(is_first: bool) -> Iterator[None]:
    """Let stdout and stderr write above the line that is shown.

    The method of the stream itself is replaced, as the handlers of loggers have the stream from
    when they were made.

    Args:
        is_first: False: that is done already.
    """
    streams = [sys.stdout, sys.stderr] if is_first else []
    streams = list({id(each): each for each in streams if _may_be_seen(each)}.values())
    for stream in streams:
        stream.write = partial(_write_above, stream, stream.write)
    try:
        yield
    finally:
        for stream in streams:
            del stream.write


def _may_be_seen(stream: TextIO) -> bool:
    """Whether it is a terminal, or a pipe, as to ``tee``, that may end at one."""
    try:
        return stream.isatty() or stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):  # no file, closed, or none at all
        return False


def _write_above(stream: TextIO, write: Callable[[str], int], text: str) -> int:
    if not (text and _shown):  # rich writes nothing where it draws; threads, when the line goes
        return write(text)
    line = _shown[-1]
    line.erase()
    count = write(text)
    stream.flush()
    line.is_interrupted = not text.endswith('\n')
    if stream.isatty():  # through a pipe the text comes later: the next step draws
        line.draw()
    return count
