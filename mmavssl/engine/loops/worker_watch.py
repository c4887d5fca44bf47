"""A watch over data workers: a batch of which only half was written is waited for by nobody."""

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from torch.utils.data import DataLoader


def watch_workers(loader: DataLoader) -> None:
    """Let the workers of a loader end together, and one that died be known by one error.

    All workers write into one pipe, also more than it holds at once. The reader of half a message
    waits for the rest, which no time limit of torch covers, as long as anybody could still write
    it: the other workers, which wait for their turn, and the main process itself. Without them it
    gets an error of the connection, which becomes torch's own error of a dead worker.

    Args:
        loader: whose iterators are watched from now on.
    """
    if not loader.num_workers:
        return
    get_iterator = type(loader)._get_iterator

    def watched() -> Any:
        batches = get_iterator(loader)
        # Nobody may keep the iterator, which ends its workers when it is no longer needed.
        reference = weakref.ref(batches)
        batches._next_data = partial(_next_data, reference)
        args = batches._workers, batches._worker_result_queue._writer, _is_over(reference)
        threading.Thread(target=_end_together, args=args, daemon=True).start()
        return batches

    loader._get_iterator = watched


def _next_data(reference: Callable[[], Any]) -> Any:
    """Return the next batch, or raise what torch raises where it sees a dead worker itself."""
    batches = reference()
    try:
        return type(batches)._next_data(batches)
    except (OSError, EOFError) as error:  # of the connection to a worker, or of its data
        if not one_dies(batches._workers):
            raise
        dead = ', '.join(str(each.pid) for each in batches._workers if not each.is_alive())
        raise RuntimeError(
            f'DataLoader worker (pid {dead}) exited unexpectedly ({type(error).__name__})'
        ) from error


def one_dies(workers: Sequence[BaseProcess], within: float = 2) -> bool:
    """Whether a worker is dead, or so in a moment: its connections end before it does."""
    end = time.monotonic() + within
    while all(worker.is_alive() for worker in workers):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _is_over(batches: Callable[[], Any]) -> Callable[[], bool]:
    return lambda: batches() is None or batches()._shutdown


def _end_together(
    workers: Sequence[BaseProcess], writer: Any, is_over: Callable[[], bool]
) -> None:
    wait([worker.sentinel for worker in workers])
    if is_over():
        return
    for worker in workers:
        worker.kill()
    writer.close()
