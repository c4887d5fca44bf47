"""Endless seeded streams of draws."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch

from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.random import stable_seed

PORTION = 8192  # indices of a permutation that are Python numbers at a time


def endless_permutations(
    size: int, seed: int, epoch: int, stream: str, offset: int = 0
) -> Iterator[DrawIndex]:
    """Yield permutations of ``offset .. offset + size - 1`` one after another, without end.

    Each draw tells by ``repeat`` which permutation it belongs to, so a clip that is drawn many
    times in an epoch is augmented anew each time.

    Args:
        size: number of samples, at least 1.
        seed: of the order.
        epoch: each epoch has its own order.
        stream: each stream has its own order.
        offset: added to every index.
    """
    repeat = 0
    while True:
        generator = torch.Generator().manual_seed(stable_seed(seed, epoch, stream, repeat))
        for part in torch.randperm(size, generator=generator).split(PORTION):
            for index in part.tolist():
                yield DrawIndex(offset + index, epoch, repeat)
        repeat += 1


def rank_share(
    draws: Iterator[DrawIndex], count: int, rank: int, world_size: int
) -> Iterator[DrawIndex]:
    """Yield a rank's part of what all ranks draw: ``count`` of every ``count * world_size``.

    >>> list(islice(rank_share(iter('abcdefgh'), 2, 1, 2), 4))
    ['c', 'd', 'g', 'h']
    """
    while everyone := list(islice(draws, count * world_size)):
        yield from everyone[rank * count : (rank + 1) * count]


@dataclass(frozen=True)
class Blocks:
    """Blocks of neighbours in the list, which lie close together on the disk (in shards).

    Args:
        size: samples of a block.
        window: blocks that a rank mixes.

    Raises:
        ConfigError: one of them is below 1.
    """

    size: int
    window: int = 4

    def __post_init__(self) -> None:
        for key, value in (('block_size', self.size), ('block_window', self.window)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(f'Expected `{key}` to be a positive integer, but got {value!r}.')

    def check(self, size: int, world_size: int) -> None:
        """Raise if there is not a sample for each rank.

        Raises:
            ConfigError: so it is.
        """
        if size < world_size:
            raise ConfigError(
                f'{size} samples cannot be divided over {world_size} ranks in blocks. Leave '
                '`block_size` out.'
            )

    def permutations(
        self,
        size: int,
        seed: int,
        epoch: int,
        stream: str,
        offset: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> Iterator[DrawIndex]:
        """Yield a rank's part of permutations of ``offset .. offset + size - 1``, without end.

        In each pass, the blocks are put in a random order and divided into one stretch per rank,
        all equally long; the rest, below ``world_size`` samples, is left out. A rank goes through
        its stretch by windows, each in a random order.

        Args:
            size: number of samples, at least ``world_size``.
            seed: of the order, the same on all ranks.
            epoch: each epoch has its own order.
            stream: each stream has its own order.
            offset: added to every index.
            rank: whose part.
            world_size: number of ranks.
        """
        share, repeat = size // world_size, 0
        while True:
            key = (seed, epoch, stream, repeat)
            order = self._shuffle_blocks(size, stable_seed(*key, 'blocks'))
            mine = order[rank * share : (rank + 1) * share]
            generator = torch.Generator().manual_seed(stable_seed(*key, 'windows', rank))
            for part in mine.split(self.size * self.window):
                for index in part[torch.randperm(len(part), generator=generator)].tolist():
                    yield DrawIndex(offset + index, epoch, repeat)
            repeat += 1

    def _shuffle_blocks(self, size: int, seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        firsts = torch.randperm(-(-size // self.size), generator=generator) * self.size
        indices = (firsts[:, None] + torch.arange(self.size)).flatten()
        return indices[indices < size]
