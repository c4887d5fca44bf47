from collections import Counter
from itertools import islice

import pytest
import torch
from mmengine.hooks import DistSamplerSeedHook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from mmavssl.datasets import (
    EpochSampler,
    RatioBatchSampler,
    SemiSupervisedDataset,
    TwoStreamSampler,
    samplers,
)
from mmavssl.datasets.draw_streams import endless_permutations
from mmavssl.registry import DATASETS
from mmavssl.structures import AVDataSample, DrawIndex
from mmavssl.utils import ConfigError
from mmavssl.utils.random import isolated_rng

SEEDS = range(12)


@DATASETS.register_module(name='SamplerTestStream', force=True)
class Stream(Dataset):
    """Samples that tell how they were drawn."""

    def __init__(self, size, source='labeled'):
        self.size, self.source, self.metainfo = size, source, {'classes': ('run',)}

    def __len__(self):
        return self.size

    def __getitem__(self, draw):
        with isolated_rng(self.source, *draw):
            inputs = {'weak': {'video': torch.rand(2)}}
        metainfo = {'sample_idx': draw.index, 'source': self.source}
        return {'inputs': inputs, 'data_samples': AVDataSample(metainfo=metainfo)}


def pair(labeled, unlabeled):
    return SemiSupervisedDataset(Stream(labeled), Stream(unlabeled, 'unlabeled'))


@pytest.fixture
def as_rank(monkeypatch):
    def use(rank, world_size):
        monkeypatch.setattr(samplers, 'get_dist_info', lambda: (rank, world_size))

    return use


def batches_of(dataset, batch_size, ratio=(1, 5), epoch=0, seed=0, epoch_over='unlabeled'):
    sampler = TwoStreamSampler(dataset, seed=seed, epoch_over=epoch_over)
    batch_sampler = RatioBatchSampler(sampler, batch_size, ratio)
    sampler.set_epoch(epoch)
    batches = list(batch_sampler)
    assert len(batches) == len(batch_sampler)
    return batches


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize(
    ('sizes', 'batch_size', 'ratio'),
    [((4, 53), 12, (1, 5)), ((3, 20), 6, (1, 5)), ((9, 40), 8, (1, 1)), ((1, 7), 5, (2, 3))],
)
def test_ratio_and_passes(seed, sizes, batch_size, ratio):
    batches = batches_of(pair(*sizes), batch_size, ratio, epoch=seed + 1, seed=seed)
    num_labeled = batch_size * ratio[0] // sum(ratio)
    assert len(batches) == sizes[1] // (batch_size - num_labeled)
    labeled = [draw for batch in batches for draw in batch[:num_labeled]]
    unlabeled = [draw for batch in batches for draw in batch[num_labeled:]]
    assert all(len(batch) == batch_size for batch in batches)
    assert all(draw.index < sizes[0] for draw in labeled)
    assert all(sizes[0] <= draw.index < sum(sizes) for draw in unlabeled)
    # One pass at most over the pool, and no draw of a labeled clip twice.
    assert len({draw.index for draw in unlabeled}) == len(unlabeled)
    assert len(set(labeled)) == len(labeled)
    assert {draw.epoch for draw in labeled + unlabeled} == {seed + 1}
    # The labeled clips take turns: as many passes as needed, each complete but the last.
    assert [draw.repeat for draw in labeled] == [i // sizes[0] for i in range(len(labeled))]
    counts = Counter(draw.index for draw in labeled)
    assert max(counts.values()) - min(counts[i] for i in range(sizes[0])) <= 1


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize('world_size', [2, 3])
def test_ranks_share_each_global_batch(as_rank, seed, world_size):
    dataset = pair(8, 67)
    ranks = []
    for rank in range(world_size):
        as_rank(rank, world_size)
        ranks.append(batches_of(dataset, 12, epoch=2, seed=seed))
    assert {len(batches) for batches in ranks} == {67 // (10 * world_size)}
    for stream in (slice(0, 2), slice(2, 12)):
        draws = [d for parts in zip(*ranks, strict=True) for part in parts for d in part[stream]]
        assert len(set(draws)) == len(draws)
        # All ranks together draw what a single one would with the batch of all of them.
        as_rank(0, 1)
        whole = batches_of(dataset, 12 * world_size, epoch=2, seed=seed)
        scaled = slice(stream.start * world_size, stream.stop * world_size)
        assert draws == [d for batch in whole for d in batch[scaled]]


def test_unlabeled_pool_is_covered():
    seen = Counter(d.index for batch in batches_of(pair(2, 50), 12) for d in batch[2:])
    assert seen == Counter(range(2, 52))


@pytest.mark.parametrize('seed', SEEDS)
def test_order_follows_from_seed_and_epoch(seed):
    dataset = pair(4, 60)
    sampler = TwoStreamSampler(dataset, seed=seed)
    batch_sampler = RatioBatchSampler(sampler, 12)
    epochs = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        epochs.append(list(batch_sampler))
    assert epochs[2] == batches_of(dataset, 12, epoch=2, seed=seed)  # as a resumed run does
    assert epochs[2] != batches_of(dataset, 12, epoch=2, seed=seed + 100)
    orders = {tuple(d.index for batch in batches for d in batch) for batches in epochs}
    assert len(orders) == 3
    sampler.set_epoch(1)
    next(iter(batch_sampler))
    assert list(batch_sampler) == epochs[1]  # an abandoned iteration leaves no trace


@pytest.mark.parametrize(
    ('epoch_over', 'sizes', 'expected'),
    [
        ('unlabeled', (4, 59), 5),
        ('labeled', (9, 59), 4),
        ('labeled', (1, 59), 1),
        (7, (4, 5), 7),
        (100, (4, 59), 100),
    ],
)
def test_length_of_an_epoch(epoch_over, sizes, expected):
    batches = batches_of(pair(*sizes), 12, epoch_over=epoch_over)
    assert len(batches) == expected
    draws = [d for batch in batches for d in batch]
    assert len(set(draws)) == len(draws)


@pytest.mark.parametrize('batch_size', [0, -6, 1, 5, 8, 10, 16])
def test_batch_must_be_divisible(batch_size):
    sampler = TwoStreamSampler(pair(4, 60))
    with pytest.raises(ConfigError, match=f'multiple of 6 .* 1:5 .* got {batch_size}'):
        RatioBatchSampler(sampler, batch_size)


def test_data_loader_without_a_batch_size():
    with pytest.raises(ConfigError, match=r'`train_dataloader.batch_size`, a multiple of 6'):
        RatioBatchSampler(TwoStreamSampler(pair(4, 60)), None)


def test_nearest_batch_sizes():
    sampler = TwoStreamSampler(pair(4, 60))
    with pytest.raises(ConfigError, match=r'Nearest: 12 or 18\.'):
        RatioBatchSampler(sampler, 16)
    with pytest.raises(ConfigError, match=r'Nearest: 6\.'):
        RatioBatchSampler(sampler, 4)


@pytest.mark.parametrize('ratio', [(1,), (1, 2, 3), (0, 6), (1, -5), (0.5, 5.5)])
def test_bad_ratio(ratio):
    with pytest.raises(ConfigError, match='two positive integers'):
        RatioBatchSampler(TwoStreamSampler(pair(4, 60)), 6, ratio)


@pytest.mark.parametrize('epoch_over', ['test', 0, -3, True, 2.5, None])
def test_bad_epoch_over(epoch_over):
    with pytest.raises(ConfigError, match='`epoch_over`'):
        TwoStreamSampler(pair(4, 60), epoch_over=epoch_over)


def test_pool_smaller_than_a_batch(as_rank):
    dataset = pair(4, 15)
    as_rank(0, 2)
    with pytest.raises(ConfigError, match=r'15 samples, fewer than the 20 .* 2 rank\(s\)'):
        RatioBatchSampler(TwoStreamSampler(dataset), 12)
    as_rank(0, 1)
    assert len(RatioBatchSampler(TwoStreamSampler(dataset), 12)) == 1


def test_wrong_partners():
    with pytest.raises(ConfigError, match='needs a SemiSupervisedDataset, but got a Stream'):
        TwoStreamSampler(Stream(5))
    with pytest.raises(ConfigError, match=r'TwoStreamSampler.* got a EpochSampler'):
        RatioBatchSampler(EpochSampler(Stream(5)), 6)
    with pytest.raises(ConfigError, match='RatioBatchSampler'):
        next(iter(DataLoader(pair(2, 5), sampler=TwoStreamSampler(pair(2, 5)))))


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize(('size', 'epoch_size'), [(8, 40), (8, 5), (10, None), (7, None)])
def test_epoch_sampler(as_rank, seed, size, epoch_size):
    draws = []
    for rank in range(2):
        as_rank(rank, 2)
        sampler = EpochSampler(Stream(size), seed, epoch_size)
        sampler.set_epoch(seed)
        draws.append(list(sampler))
        assert len(sampler) == len(draws[rank]) == (epoch_size or size) // 2
        assert list(sampler) == draws[rank]
    together = [draw for both in zip(*draws, strict=True) for draw in both]
    expected = list(islice(endless_permutations(size, seed, seed, 'samples'), len(together)))
    assert together == expected
    assert len(set(together)) == len(together)
    assert [draw.repeat for draw in together] == [i // size for i in range(len(together))]


def test_order_without_blocks_stays(as_rank):
    """What mmavssl 0.1.0 drew: a run that is resumed with a later version goes on with it."""
    as_rank(1, 2)
    sampler = EpochSampler(Stream(10), seed=5)
    sampler.set_epoch(3)
    assert [tuple(draw) for draw in sampler] == [(i, 3, 0) for i in (1, 2, 3, 9, 0)]
    (batch,) = batches_of(pair(2, 11), 6, epoch=3, seed=5, epoch_over=1)
    assert [tuple(draw) for draw in batch] == [(i, 3, 0) for i in (1, 4, 2, 12, 9, 11)]


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize('world_size', [1, 2, 3])
def test_blocks_of_an_epoch(as_rank, seed, world_size):
    draws = []
    for rank in range(world_size):
        as_rank(rank, world_size)
        sampler = EpochSampler(Stream(50), seed, block_size=6, block_window=2)
        sampler.set_epoch(4)
        draws.append(list(sampler))
        assert list(sampler) == draws[-1]
        assert len(draws[-1]) == len(sampler) == 50 // world_size
    together = {draw.index for part in draws for draw in part}
    assert len(together) == 50 - 50 % world_size
    assert {draw.epoch for part in draws for draw in part} == {4}


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize('world_size', [1, 2, 3])
@pytest.mark.parametrize('epoch_over', ['unlabeled', 'labeled', 9])
def test_blocks_of_the_pool(as_rank, seed, world_size, epoch_over):
    dataset = pair(8, 67)
    plain, blocked = [], []
    for rank in range(world_size):
        as_rank(rank, world_size)
        plain.append(batches_of(dataset, 12, seed=seed, epoch=1, epoch_over=epoch_over))
        sampler = TwoStreamSampler(dataset, seed, epoch_over, block_size=5, block_window=2)
        sampler.set_epoch(1)
        blocked.append(list(RatioBatchSampler(sampler, 12)))
        assert list(RatioBatchSampler(sampler, 12)) == blocked[-1]
        assert [batch[:2] for batch in blocked[-1]] == [batch[:2] for batch in plain[-1]]
    assert [len(batches) for batches in blocked] == [len(batches) for batches in plain]
    pool = [draw for batches in blocked for batch in batches for draw in batch[2:]]
    assert len(set(pool)) == len(pool)
    assert {draw.index for draw in pool} <= set(range(8, 75))
    if epoch_over == 'unlabeled':
        assert len({draw.index for draw in pool}) == len(pool) == 10 * world_size * len(plain[0])


def test_bad_blocks(as_rank):
    for options in ({'block_size': 0}, {'block_size': 2.5}, {'block_size': True}):
        with pytest.raises(ConfigError, match='`block_size` to be a positive integer'):
            EpochSampler(Stream(9), **options)
    with pytest.raises(ConfigError, match='`block_window` to be a positive integer, but got 0'):
        TwoStreamSampler(pair(2, 9), block_size=4, block_window=0)
    as_rank(0, 4)
    with pytest.raises(ConfigError, match='3 samples cannot be divided over 4 ranks'):
        EpochSampler(Stream(3), epoch_size=8, block_size=2)
    sampler = TwoStreamSampler(pair(2, 3), epoch_over=5, block_size=2)
    with pytest.raises(ConfigError, match='3 samples cannot be divided over 4 ranks'):
        RatioBatchSampler(sampler, 6)


def test_few_clips_fill_large_batches():
    sampler = EpochSampler(Stream(8), epoch_size=16 * 5)
    batches = list(DataLoader(Stream(8), 16, sampler=sampler, collate_fn=list))
    assert [len(batch) for batch in batches] == [16] * 5
    values = [tuple(s['inputs']['weak']['video'].tolist()) for batch in batches for s in batch]
    assert len(set(values)) == 80
    counts = Counter(s['data_samples'].sample_idx for batch in batches for s in batch)
    assert counts == dict.fromkeys(range(8), 10)


def test_bad_epoch_size(as_rank):
    as_rank(0, 4)
    with pytest.raises(ConfigError, match=r'at least 4 .* got 3'):
        EpochSampler(Stream(9), epoch_size=3)
    with pytest.raises(ConfigError, match='is empty'):
        EpochSampler(Stream(0), epoch_size=8)


def test_seed_that_is_drawn(monkeypatch):
    monkeypatch.setattr(samplers, 'sync_random_seed', lambda: 77)
    assert TwoStreamSampler(pair(2, 5), seed=None).seed == 77
    assert EpochSampler(Stream(5), seed=None).seed == 77


def run_epochs(num_workers, epochs, persistent_workers=False):
    init_default_scope('mmavssl')
    streams = {
        name: dict(type='SamplerTestStream', size=size)
        for name, size in (('labeled', 3), ('unlabeled', 20))
    }
    loader = Runner.build_dataloader(
        dict(
            batch_size=6,
            num_workers=num_workers,
            persistent_workers=persistent_workers,
            sampler=dict(type='TwoStreamSampler'),
            batch_sampler=dict(type='RatioBatchSampler', ratio=(1, 5)),
            collate_fn=dict(type='mmavssl.semi_supervised_collate'),
            worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
            dataset=dict(type='SemiSupervisedDataset', **streams),
        ),
        seed=4,
    )
    assert loader.batch_sampler.sampler.seed == 4
    values = []
    for epoch in epochs:
        loop = type('Loop', (), {'dataloader': loader})
        runner = type('Runner', (), {'train_loop': loop, 'epoch': epoch})
        DistSamplerSeedHook().before_train_epoch(runner)
        for batch in loader:
            inputs = batch['inputs']
            assert inputs['labeled']['weak']['video'].shape == (1, 2)
            assert inputs['unlabeled']['weak']['video'].shape == (5, 2)
            videos = [inputs[name]['weak']['video'] for name in ('labeled', 'unlabeled')]
            values.append(torch.cat(videos).flatten().tolist())
    if persistent_workers:
        loader._iterator._shutdown_workers()  # torch waits 5 s each if left to the collector
    return values


def test_dataloader_of_mmengine():
    single = run_epochs(0, range(3))
    assert len(single) == 3 * 4
    assert len({value for batch in single for value in batch}) == 3 * 4 * 12  # never the same draw
    assert run_epochs(2, range(3)) == single
    assert run_epochs(2, range(3), persistent_workers=True) == single
    assert run_epochs(0, [2]) == single[8:]  # resumed after two epochs


def test_draws_of_a_batch_are_draw_indices():
    for draw in batches_of(pair(2, 10), 12)[0]:
        assert isinstance(draw, DrawIndex)
