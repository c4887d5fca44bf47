"""Batches of workers that are replaced when they die or hang."""

import logging
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.logging import print_log
from torch.utils.data import DataLoader

from mmavssl.datasets.batch_draws import draws_of_batch, video_path_of
from mmavssl.engine.loops.remaining_batches import remaining_batches
from mmavssl.engine.loops.worker_watch import watch_workers
from mmavssl.utils.errors import ConfigError, DataError

#: Seconds after which torch looks whether the workers live.
POLL = 1
MAX_NAMED = 40
NOT_YET = re.compile(r'^DataLoader timed out after')
DEAD = re.compile(r'^DataLoader worker \(pid')


class LostWorkersError(Exception):
    """The workers are dead or hang; the message says which."""


class PatientBatches:
    """The batches of an epoch, whatever happens to the workers that make them.

    What a batch is follows from its indices, so that other workers make the same one. Workers are
    replaced when one dies or when no batch comes for some time; that is logged. The last time, one
    worker makes one batch after the other, so that the error, if it dies as well, names the files
    that it had.

    Args:
        loader: whose workers are watched; without workers, there is nothing to do.
        timeout: seconds to wait for a batch; 0: without end.
        max_restarts: how often workers are replaced in an epoch.

    Raises:
        ConfigError: a number below 0.
    """

    def __init__(self, loader: DataLoader, timeout: float, max_restarts: int) -> None:
        for key, value in (('data_timeout', timeout), ('max_restarts', max_restarts)):
            if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
                raise ConfigError(
                    f'train_cfg.{key}: expected a number of at least 0, but got {value!r}.'
                )
        self.loader = loader
        self.timeout = timeout
        self.max_restarts = max_restarts
        if loader.num_workers:
            loader.timeout = POLL

    def from_number(self, start: int) -> Iterator[Any]:
        """Yield the batches of the loader's epoch from number ``start`` on.

        Raises:
            DataError: workers were lost too often; it names the files of the batch that was next.
        """
        restarts = 0
        while True:
            alone = 0 < restarts == self.max_restarts
            loader = remaining_batches(self.loader, start, one_by_one=alone)
            watch_workers(loader)
            batches = iter(loader)
            leave_training_alone()
            try:
                while True:
                    try:
                        batch = self._next(batches)
                    except StopIteration:
                        return
                    yield batch
                    start += 1
            except LostWorkersError as error:
                end_workers(batches, self.loader)
                if restarts == self.max_restarts:
                    raise self._given_up(start, alone, error) from error
                restarts += 1
                print_log(
                    f'{error} New workers go on from batch {start} of this epoch (number '
                    f'{restarts} of at most {self.max_restarts} replacements).',
                    logger='current',
                    level=logging.WARNING,
                )

    def _next(self, batches: Iterator[Any]) -> Any:
        begin = time.monotonic()
        while True:
            try:
                return next(batches)
            except RuntimeError as error:
                if DEAD.search(str(error)):
                    raise LostWorkersError(f'{error}.') from error
                if not NOT_YET.search(str(error)):
                    raise
                if 0 < self.timeout <= time.monotonic() - begin:
                    raise LostWorkersError(
                        f'The workers gave no batch within {self.timeout:g} s.'
                    ) from error

    @contextmanager
    def waiting_for(self, loader: DataLoader) -> Iterator[None]:
        """Wait no longer for the batches of another loader, which goes on by itself, either.

        Args:
            loader: used within the context.

        Raises:
            DataError: its workers died, or gave no batch in time.
        """
        if loader.num_workers and not loader.timeout:
            loader.timeout = self.timeout
        watch_workers(loader)
        try:
            yield
        except RuntimeError as error:
            if not (DEAD.search(str(error)) or NOT_YET.search(str(error))):
                raise
            raise DataError(
                f'Validation: {error}. Look at the clips, at the storage, and at the memory (the '
                'system may have killed the workers); or raise train_cfg.data_timeout. --resume '
                'validates once more.'
            ) from error

    def _given_up(self, number: int, alone: bool, error: LostWorkersError) -> DataError:
        loader = self.loader
        at_work = 1 if alone else max(loader.num_workers, 1) * (loader.prefetch_factor or 1)
        batches = [draws_of_batch(loader, number + ahead) for ahead in range(at_work)]
        files = [video_path_of(loader.dataset, draw) for draws in batches for draw in draws]
        return DataError(
            f'Batch {number} of this epoch did not come, also not from new workers. {error} The '
            f'workers had {", ".join(files[:MAX_NAMED])}{" ..." * (len(files) > MAX_NAMED)}. Look '
            'at them, at the storage, and at the memory (the system may have killed the workers); '
            'or raise train_cfg.data_timeout or train_cfg.max_restarts.'
        )


def leave_training_alone() -> None:
    """Undo what torch does about dead workers: an error wherever the main process just is.

    An optimizer step that is broken off cannot be repeated. Waiting for the next batch, the loader
    finds out as well.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def end_workers(batches: Iterator[Any], loader: DataLoader) -> None:
    """End the workers that are left; those that hang do not hear that they should."""
    for worker in getattr(batches, '_workers', ()):
        worker.kill()
    if hasattr(batches, '_shutdown_workers'):
        batches._shutdown_workers()
    if loader._iterator is batches:  # of persistent workers
        loader._iterator = None
