"""Processes that do the same job at once, one a core, as the workers of a data loader."""

import os
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np
import torch


class Crew:
    """As many processes as there are cores, which wait until it is their turn.

    Args:
        make_job: called in each process; returns a function of a path.
        paths: files, which each process takes in turn.
        bound: whether each process is bound to a core of its own, so that libraries that count
            the cores start no threads.
    """

    def __init__(
        self, make_job: Callable[[], Callable], paths: Sequence[Path], bound: bool
    ) -> None:
        context = get_context('fork')
        self._lines, self._processes = [], []
        for number, core in enumerate(sorted(os.sched_getaffinity(0))):
            here, there = context.Pipe()
            process = context.Process(
                target=serve, args=(make_job, paths, number, core if bound else None, there)
            )
            process.start()
            self._lines.append(here)
            self._processes.append(process)
        for line in self._lines:
            line.recv()  # they are ready

    def rate(self, seconds: float) -> float:
        """Work for some time and return the samples a second and core."""
        for line in self._lines:
            line.send(seconds)
        return float(np.mean([line.recv() for line in self._lines]))

    def dismiss(self) -> None:
        """End the processes."""
        for line in self._lines:
            line.send(None)
        for process in self._processes:
            process.join()


def serve(
    make_job: Callable[[], Callable],
    paths: Sequence[Path],
    number: int,
    core: int | None,
    line: Connection,
) -> None:
    """Do the job for as many seconds as the line says, again and again, and report the rates."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    np.random.seed(number)
    torch.manual_seed(number)
    job = make_job()
    count = number  # each begins with another file
    job(str(paths[count % len(paths)]))
    line.send('ready')
    while (seconds := line.recv()) is not None:
        begin, done = time.perf_counter(), 0
        while (passed := time.perf_counter() - begin) < seconds:
            job(str(paths[count % len(paths)]))
            count, done = count + 1, done + 1
        line.send(done / passed)
