"""Call a function in processes that are joined over gloo, and do not wait for one that hangs.

A process that fails takes the others with it, and so does a minute without a line of output: a
test never hangs, and a busy machine is no failure. All are forked by a server that has imported
what they need, which takes longer than most of what they do.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from mmavssl.utils.distributed import leave_processes

ROOT = Path(__file__).parents[2]
TIMEOUT = 60
ENVIRONMENT = {
    'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': '-1', 'GLOO_SOCKET_IFNAME': 'lo',
}  # fmt: skip
CONTEXT = multiprocessing.get_context('forkserver')
CONTEXT.set_forkserver_preload(['tests.reliability.ranks'])


class Ranks:
    """Processes that all call one function; they start at once.

    Args:
        function: of a module, called with ``arguments``; returns what ``torch.save`` writes and
            ``weights_only=True`` reads.
        count: of the processes; one is a process without a group.
        arguments: of the function.
    """

    def __init__(self, function: Callable, count: int, **arguments: Any) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix='ranks_')
        self.processes = []
        for rank in range(count):
            self._path(rank, 'txt').touch()
            process = CONTEXT.Process(
                target=be_rank, args=(rank, count, self.folder.name, function, arguments)
            )
            process.start()
            self.processes.append(process)

    def results(self) -> list:
        """Return what the function returned on each rank.

        Raises:
            RuntimeError: a process failed, or they hang; with the end of its output.
        """
        try:
            written, since = self._written(), time.monotonic()
            while not all(process.exitcode == 0 for process in self.processes):
                if self._written() > written:
                    written, since = self._written(), time.monotonic()
                failed = [i for i, p in enumerate(self.processes) if p.exitcode]
                if failed or time.monotonic() > since + TIMEOUT:
                    text = self._path((failed or [0])[0], 'txt').read_text(errors='replace')
                    reason = f'failed: {failed}' if failed else f'write nothing for {TIMEOUT} s'
                    raise RuntimeError(f'Ranks {reason}\n{text[-3000:]}')
                time.sleep(0.05)
            return [
                torch.load(self._path(rank, 'pt'), weights_only=True)
                for rank in range(len(self.processes))
            ]
        finally:
            for process in self.processes:
                process.kill()
                process.join()
            self.folder.cleanup()

    def _written(self) -> int:
        return sum(self._path(i, 'txt').stat().st_size for i in range(len(self.processes)))

    def _path(self, rank: int, suffix: str) -> Path:
        return Path(self.folder.name, f'{rank}.{suffix}')


def be_rank(rank: int, count: int, folder: str, function: Callable, arguments: dict) -> None:
    """Be one of the processes."""
    log = os.open(f'{folder}/{rank}.txt', os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(log, stream)
    print('begins', flush=True)
    os.environ.update(ENVIRONMENT, LOCAL_RANK=str(rank))  # MMEngine reads the last
    torch.set_num_threads(1)
    if count > 1:
        distributed.init_process_group(
            'gloo', f'file://{folder}/rendezvous', rank=rank, world_size=count
        )
    torch.save(function(**arguments), f'{folder}/{rank}.pt')
    if distributed.is_initialized():
        distributed.barrier()
        leave_processes()
