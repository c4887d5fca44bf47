"""Let the signals by which a system ends a command end it in good order, as Ctrl-C does."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: Of `docker stop`, `timeout` and schedulers; of a terminal that is closed.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal has come that ends the work.

    Args:
        number: of it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        #: Exit status: what shells tell of a command that the signal has ended.
        self.status = 128 + number


def stop(number: int) -> None:
    """Raise `Stopped`."""
    raise Stopped(number)


@contextmanager
def stop_signals(answer: Callable[[int], Any] = stop) -> Iterator[None]:
    """Answer the first of `STOP_SIGNALS`; those after it, as `timeout` sends two, are ignored.

    A signal that is ignored already, as `nohup` has it, remains so. Processes that are forked end
    as if there were no answer. That they end so is no news from the first signal on, to the end of
    this process: PyTorch would raise errors of its workers in the midst of cleaning up.

    Args:
        answer: what is called with the number of the signal.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
            return
        try:
            signal.signal(signal.SIGCHLD, do_nothing)
            for each in heeded:
                signal.signal(each, do_nothing)
        finally:  # also where a worker has ended already
            answer(number)

    owner = os.getpid()
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def do_nothing(number: int, frame: FrameType | None) -> None:
    """Ignore a signal, in this process: what it starts would inherit ``SIG_IGN``."""
