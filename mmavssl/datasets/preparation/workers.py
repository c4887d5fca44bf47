"""A function over many files in processes, of which any may crash."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from mmavssl.utils.errors import ConfigError

Result = TypeVar('Result')
# Tasks that wait for each process: few, as those of a crashed pool are done again.
TASKS_PER_WORKER = 2


def map_files(
    job: Callable[[str], Result], paths: Iterable[str], workers: int
) -> Iterator[tuple[str, Result | None]]:
    """Yield each path and what the job returns, in any order, as soon as it is known.

    If a process dies, the files that were being read are read again, one process for each, and
    those that kill theirs again yield None.

    Args:
        job: of a module that the processes can import; must not raise.
        paths: of the files.
        workers: number of processes.

    Raises:
        ConfigError: no process can be started.
    """
    waiting, suspects = deque(paths), deque[str]()
    while waiting or suspects:
        while suspects:
            path = suspects.popleft()
            alone: list[str] = []
            yield from _until_crash(job, deque([path]), 1, alone)
            yield from ((path, None) for path in alone)
        yield from _until_crash(job, waiting, workers, suspects)


def _until_crash(
    job: Callable[[str], Result],
    waiting: deque[str],
    workers: int,
    suspects: list[str] | deque[str],
) -> Iterator[tuple[str, Result]]:
    """Work until nothing waits or a process dies; then `suspects` has what was being done."""
    pool = ProcessPoolExecutor(workers, mp_context=_context(), initializer=_prepare_worker)
    running: dict[Future, str] = {}
    try:
        _check_start(pool)
        while (waiting and not suspects) or running:
            while waiting and not suspects and len(running) < TASKS_PER_WORKER * workers:
                path = waiting.popleft()
                try:
                    running[pool.submit(job, path)] = path
                except BrokenProcessPool:
                    suspects.append(path)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                path = running.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    suspects.append(path)
                else:
                    yield path, result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _check_start(pool: ProcessPoolExecutor) -> None:
    """Raise unless a process does something: dying before it reads a file is no file's fault."""
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        raise ConfigError(
            'The processes that read the files cannot be started; what they say is above. '
            'Check the installation and the memory.'
        ) from None


def _context() -> multiprocessing.context.BaseContext:
    """Return a way to start processes that does not copy this one's threads.

    A server that has imported the package starts them at once; elsewhere each imports it.
    """
    if 'forkserver' not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context('spawn')
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['mmavssl.datasets.preparation.probe'])
    return context


def _prepare_worker() -> None:
    """Leave Ctrl-C to the main process, and end when that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
