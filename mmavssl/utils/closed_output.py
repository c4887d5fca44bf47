"""End quietly where nobody reads on what a command prints, as after ``| head``."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_when_closed() -> Iterator[None]:
    """Exit with status 1, and without a traceback, where the reader of stdout has gone.

    What Python's documentation of ``signal`` recommends; what a run prints is written within, so
    that nothing is left to fail when Python ends.
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _is_closed(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)  # errors alone
    return bool(poll.poll(0))
