"""The batches of an epoch that are still to come, without loading those that were."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from torch.utils.data import DataLoader, Sampler


class Remaining(Sampler):
    """What a batch sampler gives after its first batches.

    Args:
        batch_sampler: gives the indices of each batch.
        start: number of batches that are left out.
    """

    def __init__(self, batch_sampler: Any, start: int) -> None:
        self.batch_sampler = batch_sampler
        self.start = start

    def __iter__(self) -> Iterator[list]:
        return islice(iter(self.batch_sampler), self.start, None)

    def __len__(self) -> int:
        return len(self.batch_sampler) - self.start


def remaining_batches(loader: DataLoader, start: int, one_by_one: bool = False) -> DataLoader:
    """Return a loader of the batches from number ``start`` on.

    Only the indices of the batches before are drawn; nothing of them is read. What the batches are
    must follow from the sampler's seed and epoch, as with our samplers.

    Args:
        loader: of a whole epoch; itself where nothing differs.
        start: number of batches that were made already.
        one_by_one: one worker makes the batches, each when it is its turn.
    """
    if start == 0 and not one_by_one:
        return loader
    workers = 1 if one_by_one else loader.num_workers
    return DataLoader(
        loader.dataset,
        batch_sampler=Remaining(loader.batch_sampler, start),
        num_workers=workers,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        timeout=loader.timeout,
        worker_init_fn=loader.worker_init_fn,
        multiprocessing_context=loader.multiprocessing_context,
        generator=loader.generator,
        prefetch_factor=1 if one_by_one else loader.prefetch_factor,
    )
