"""A watch over data workers: a batch of which only half was written is waited for by nobody."""

import threading
import weakref
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from torch.utils.data import DataLoader


def watch_workers(loader: DataLoader) -> list[BaseProcess]:
    """Let the workers of a loader end together.

    All workers write into one pipe, also more than it holds at once. The reader of half a message
    waits for the rest, which no time limit of torch covers, as long as anybody could still write
    it: the other workers, which wait for their turn, and the main process itself. Without them it
    gets an error, as for any dead worker.

    Args:
        loader: whose iterators are watched from now on.

    Returns:
        The workers of its latest iterator, empty before there is one.
    """
    workers: list[BaseProcess] = []
    if not loader.num_workers:
        return workers
    get_iterator = type(loader)._get_iterator

    def watched() -> Any:
        batches = get_iterator(loader)
        workers[:] = batches._workers
        # The thread must not keep the iterator, which ends its workers when nobody needs it.
        is_over = _is_over(weakref.ref(batches))
        args = batches._workers, batches._worker_result_queue._writer, is_over
        threading.Thread(target=_end_together, args=args, daemon=True).start()
        return batches

    loader._get_iterator = watched
    return workers


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
