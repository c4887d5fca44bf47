"""End a command in good order where what it prints is not read on, or cannot be written."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mmavssl.utils.tool_errors import FULL, system_message

#: Exit status where nobody reads on: the one that shells tell of what SIGPIPE has ended.
UNREAD = 128 + signal.SIGPIPE


@contextmanager
def guarded_output() -> Iterator[None]:
    """Exit without a traceback where the reader of stdout has gone, or its disk is full.

    After `| head`, quietly and with `UNREAD`; on a full disk, with a line on stderr and status 2.
    It is what Python's documentation of ``signal`` recommends. What a tool prints is written
    within, so that nothing is left to fail when Python ends.
    """
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
        _print_no_more()
        sys.exit(UNREAD)
    except OSError as error:
        if error.errno not in FULL:
            raise
        print(system_message(error), file=sys.stderr)
        _print_no_more()
        sys.exit(2)


def _is_closed(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)  # errors alone
    return bool(poll.poll(0))


def _print_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
