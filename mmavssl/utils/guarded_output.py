"""End a command in good order where what it prints is not read on, or cannot be written."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from mmavssl.utils.tool_errors import FULL, system_message

#: Exit status where nobody reads on: the one that shells tell of what SIGPIPE has ended.
UNREAD = 128 + signal.SIGPIPE


@contextmanager
def guarded_output() -> Iterator[None]:
    """Exit without a traceback where the reader of stdout has gone, or its disk is full.

    After `| head`, quietly and with `UNREAD`; on a full disk, with a line on stderr and status 2.
    It is what Python's documentation of ``signal`` recommends. What a tool prints is written
    within, so that nothing is left to fail when Python ends. Names that the terminal has no
    letters for are shown with escapes, as on stderr.
    """
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == 'strict':
        sys.stdout.reconfigure(errors='backslashreplace')
    try:
        try:
            yield
        except SystemExit:  # of argparse, after it has printed help
            print(end='', flush=True)
            raise
        print(end='', flush=True)
    except BrokenPipeError:
        if not _is_closed(sys.stdout.fileno()):
            raise  # another pipe
        print_no_more()
        sys.exit(UNREAD)
    except OSError as error:
        if error.errno not in FULL:
            raise
        print(system_message(error), file=sys.stderr)
        print_no_more()
        sys.exit(2)


def print_no_more() -> None:
    """Let all that is printed from now on, and what could not be written, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_closed(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)  # errors alone
    return bool(poll.poll(0))
