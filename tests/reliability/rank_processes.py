"""Call a function in processes that are joined over gloo, and do not wait for one that hangs.

A process that fails takes the others with it, and so does a minute without a line of output: a
test never hangs, and a busy machine is no failure.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed

ROOT = Path(__file__).parents[2]
TIMEOUT = 60
ENVIRONMENT = {
    'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': '-1',
    'GLOO_SOCKET_IFNAME': 'lo',
}  # fmt: skip


class Ranks:
    """Processes that all call one function; they start at once.

    Args:
        function: of a module, called with ``arguments``; returns what ``torch.save`` writes and
            ``weights_only=True`` reads.
        count: of the processes; one is a process without a group.
        arguments: what JSON can hold.
    """

    def __init__(self, function: Callable, count: int, **arguments: Any) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix='ranks_')
        command = [sys.executable, '-m', __name__, function.__module__, function.__name__]
        self.processes = []
        for rank in range(count):
            with self._path(rank, 'txt').open('w') as log:
                self.processes.append(
                    subprocess.Popen(
                        [*command, str(rank), str(count), self.folder.name, json.dumps(arguments)],
                        stdout=log, stderr=log, cwd=ROOT, env={**os.environ, **ENVIRONMENT},
                    )
                )  # fmt: skip

    def results(self) -> list:
        """Return what the function returned on each rank.

        Raises:
            RuntimeError: a process failed, or they hang; with the end of its output.
        """
        try:
            written, since = self._written(), time.monotonic()
            while not all(process.poll() == 0 for process in self.processes):
                if self._written() > written:
                    written, since = self._written(), time.monotonic()
                failed = [i for i, p in enumerate(self.processes) if p.poll()]
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
                process.wait()
            self.folder.cleanup()

    def _written(self) -> int:
        return sum(self._path(i, 'txt').stat().st_size for i in range(len(self.processes)))

    def _path(self, rank: int, suffix: str) -> Path:
        return Path(self.folder.name, f'{rank}.{suffix}')


def main(module: str, name: str, rank: str, count: str, folder: str, arguments: str) -> None:
    """Be one of the processes."""
    print('begins', flush=True)
    torch.set_num_threads(1)
    os.environ['LOCAL_RANK'] = rank  # MMEngine reads it
    if int(count) > 1:
        distributed.init_process_group(
            'gloo', f'file://{folder}/rendezvous', rank=int(rank), world_size=int(count)
        )
    result = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    torch.save(result, f'{folder}/{rank}.pt')
    if distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


if __name__ == '__main__':
    main(*sys.argv[1:])
