"""Order of the samples: epochs of one stream, and batches of two streams in a fixed ratio."""

from collections.abc import Iterator
from itertools import islice

from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Dataset, Sampler

from mmavssl.datasets.draw_streams import Blocks, endless_permutations, rank_share
from mmavssl.registry import DATA_SAMPLERS
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import check_range

#: Of an epoch; more is a slip.
MAX_DRAWS = 10**12


@DATA_SAMPLERS.register_module()
class EpochSampler(Sampler):
    """Shuffle one data set, with every draw augmented anew, in epochs of any length.

    Args:
        dataset: what to draw from.
        seed: of the order, the same on all ranks. None: drawn, and shared by the ranks.
        epoch_size: draws per epoch over all ranks; more than there are samples begins another
            permutation. ``batch_size * world_size * n`` gives an epoch of n iterations, however
            few clips there are. None: one pass; up to world_size - 1 draws are left out.
        block_size: samples that follow each other in the list and are drawn at about the same
            time, for files in shards (see `Blocks`). None: any order.
        block_window: blocks that a rank mixes.

    Raises:
        ConfigError: an empty data set, an epoch shorter than the number of ranks, or bad blocks.
    """

    def __init__(
        self,
        dataset: Dataset,
        seed: int | None = 0,
        epoch_size: int | None = None,
        block_size: int | None = None,
        block_window: int = 4,
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.seed = sync_random_seed() if seed is None else seed
        if len(dataset) == 0:
            raise ConfigError('The data set to draw from is empty. Check its list.')
        draws = len(dataset) if epoch_size is None else epoch_size
        check_range('epoch_size', draws, high=MAX_DRAWS)
        self.num_draws = draws // self.world_size
        if self.num_draws < 1:
            raise ConfigError(
                f'Expected `epoch_size` to be at least {self.world_size} (one draw per rank), but '
                f'got {draws!r}.'
            )
        self.blocks = None if block_size is None else Blocks(block_size, block_window)
        if self.blocks:
            self.blocks.check(len(dataset), self.world_size)
        self.epoch = 0

    def __len__(self) -> int:
        return self.num_draws

    def __iter__(self) -> Iterator[DrawIndex]:
        key = (len(self.dataset), self.seed, self.epoch, 'samples')
        draws = _draws_of_rank(self.blocks, key, 1, self.rank, self.world_size)
        return islice(draws, self.num_draws)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration."""
        self.epoch = epoch


@DATA_SAMPLERS.register_module()
class TwoStreamSampler(Sampler):
    """Endless streams of labeled and of unlabeled samples, for `RatioBatchSampler`.

    The order follows from (seed, epoch) alone, so a resumed run goes on as an uninterrupted one.

    Args:
        dataset: a `SemiSupervisedDataset`.
        seed: of the order, the same on all ranks. None: drawn, and shared by the ranks.
        epoch_over: what an epoch is: one pass over the ``unlabeled`` pool, over the ``labeled``
            clips (SVFormer's meaning), or that many iterations.
        block_size: unlabeled samples that follow each other in the list and are drawn at about the
            same time, for files in shards (see `Blocks`). None: any order.
        block_window: blocks that a rank mixes.

    Raises:
        ConfigError: another kind of data set, an empty stream, unknown ``epoch_over``, or bad
            blocks.
    """

    def __init__(
        self,
        dataset: Dataset,
        seed: int | None = 0,
        epoch_over: str | int = 'unlabeled',
        block_size: int | None = None,
        block_window: int = 4,
    ) -> None:
        if not (hasattr(dataset, 'labeled') and hasattr(dataset, 'unlabeled')):
            raise ConfigError(
                'TwoStreamSampler needs a SemiSupervisedDataset, but got a '
                f'{type(dataset).__name__}. Use EpochSampler for a single data set.'
            )
        is_count = isinstance(epoch_over, int) and not isinstance(epoch_over, bool)
        is_count = is_count and 0 < epoch_over <= MAX_DRAWS
        if epoch_over not in ('unlabeled', 'labeled') and not is_count:
            raise ConfigError(
                "Expected `epoch_over` to be 'unlabeled', 'labeled' or a number of iterations, "
                f'but got {epoch_over!r}.'
            )
        self.sizes = {'labeled': len(dataset.labeled), 'unlabeled': len(dataset.unlabeled)}
        for name, size in self.sizes.items():
            if size == 0:
                raise ConfigError(f'The {name} data set is empty. Check its list.')
        self.dataset = dataset
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch_over = epoch_over
        self.blocks = None if block_size is None else Blocks(block_size, block_window)
        self.epoch = 0

    def stream(self, name: str, count: int, rank: int, world_size: int) -> Iterator[DrawIndex]:
        """Return a rank's part of the endless stream ``labeled`` or ``unlabeled`` of this epoch.

        Args:
            name: of the stream.
            count: draws of it in a batch of the rank.
            rank: whose part.
            world_size: number of ranks.
        """
        blocks, offset = None, 0
        if name == 'unlabeled':
            blocks, offset = self.blocks, self.sizes['labeled']
        key = (self.sizes[name], self.seed, self.epoch, name, offset)
        return _draws_of_rank(blocks, key, count, rank, world_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[DrawIndex]:
        """Refuse: two endless streams are of use only to a batch sampler.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            'TwoStreamSampler has two endless streams. Add '
            "`batch_sampler=dict(type='RatioBatchSampler', ratio=(1, 5))` to the dataloader."
        )

    def __len__(self) -> int:
        return sum(self.sizes.values())


@DATA_SAMPLERS.register_module()
class RatioBatchSampler(Sampler):
    """Batches with labeled and unlabeled samples in a fixed ratio, labeled first.

    Each rank takes its own part of each global batch, so no sample is drawn twice in one pass. An
    epoch over a pool leaves out the rest that does not fill a global batch; over labeled clips
    that do not even fill one, it is one iteration.

    Args:
        sampler: a `TwoStreamSampler`.
        batch_size: samples per batch and rank, labeled and unlabeled together.
        ratio: labeled to unlabeled (paper: 1:5).

    Raises:
        ConfigError: a ratio that does not divide the batch size, or a pool smaller than a batch.
    """

    def __init__(
        self, sampler: TwoStreamSampler, batch_size: int, ratio: tuple[int, int] = (1, 5)
    ) -> None:
        if not isinstance(sampler, TwoStreamSampler):
            raise ConfigError(
                "RatioBatchSampler needs `sampler=dict(type='TwoStreamSampler')`, but got a "
                f'{type(sampler).__name__}.'
            )
        is_pair = len(ratio) == 2 and all(isinstance(part, int) and part > 0 for part in ratio)
        if not is_pair:
            raise ConfigError(
                'Expected `ratio` to be two positive integers, labeled to unlabeled, but got '
                f'{ratio!r}.'
            )
        total = sum(ratio)
        if batch_size is None:
            raise ConfigError(
                'RatioBatchSampler needs `batch_size`, which belongs to the data loader: '
                f'`train_dataloader.batch_size`, a multiple of {total}.'
            )
        if batch_size < 1 or batch_size % total:
            lower = batch_size // total * total
            nearest = f'{lower} or {lower + total}' if lower > 0 else f'{total}'
            raise ConfigError(
                f'Expected `batch_size` to be a multiple of {total} for the ratio '
                f'{ratio[0]}:{ratio[1]} of labeled to unlabeled, but got {batch_size!r}. '
                f'Nearest: {nearest}.'
            )
        self.rank, self.world_size = get_dist_info()
        self.sampler = sampler
        self.batch_size = batch_size
        share = batch_size // total
        self.counts = {'labeled': ratio[0] * share, 'unlabeled': ratio[1] * share}
        self.num_batches = self._epoch_length()
        if sampler.blocks:
            sampler.blocks.check(sampler.sizes['unlabeled'], self.world_size)

    def _epoch_length(self) -> int:
        over = self.sampler.epoch_over
        if isinstance(over, int):
            return over
        batches = self.sampler.sizes[over] // (self.counts[over] * self.world_size)
        if over == 'labeled':  # few labels: the rest of the last batch begins the next pass
            batches = max(batches, 1)
        if batches == 0:
            needed = self.counts[over] * self.world_size
            raise ConfigError(
                f'The {over} data set has {self.sampler.sizes[over]} samples, fewer than the '
                f'{needed} of one batch on {self.world_size} rank(s). '
                'Lower `batch_size`, or set `epoch_over` to a number of iterations.'
            )
        return batches

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[list[DrawIndex]]:
        streams = {
            name: self.sampler.stream(name, count, self.rank, self.world_size)
            for name, count in self.counts.items()
        }
        for _ in range(self.num_batches):
            batch = []
            for name, count in self.counts.items():
                batch += islice(streams[name], count)
            yield batch


def _draws_of_rank(
    blocks: Blocks | None, key: tuple, count: int, rank: int, world_size: int
) -> Iterator[DrawIndex]:
    """Return a rank's part of a stream, whose ``key`` is what `endless_permutations` takes."""
    if blocks is None:
        return rank_share(endless_permutations(*key), count, rank, world_size)
    return blocks.permutations(*key, rank=rank, world_size=world_size)
