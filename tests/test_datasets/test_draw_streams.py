from collections import Counter
from itertools import islice

import pytest
import torch

from mmavssl.datasets import draw_streams
from mmavssl.datasets.draw_streams import Blocks, endless_permutations, rank_share
from mmavssl.structures import DrawIndex
from mmavssl.utils.random import stable_seed

SEEDS = range(12)


@pytest.mark.parametrize('seed', SEEDS)
def test_endless_permutations(seed):
    draws = list(islice(endless_permutations(7, seed, 3, 'x', offset=10), 35))
    orders = []
    for repeat in range(5):
        part = draws[7 * repeat : 7 * repeat + 7]
        assert {d.repeat for d in part} == {repeat}
        assert {d.epoch for d in part} == {3}
        assert sorted(d.index for d in part) == list(range(10, 17))
        orders.append(tuple(d.index for d in part))
    assert len(set(orders)) > 1


def test_long_permutations_come_in_parts():
    size = 2 * draw_streams.PORTION + 5
    generator = torch.Generator().manual_seed(stable_seed(3, 1, 'x', 0))
    expected = [DrawIndex(4 + i, 1, 0) for i in torch.randperm(size, generator=generator).tolist()]
    assert list(islice(endless_permutations(size, 3, 1, 'x', offset=4), size)) == expected


def test_first_places_are_uniform():
    firsts = [next(endless_permutations(5, seed, 0, 'x')).index for seed in range(1000)]
    expected = 1000 / 5
    chi2 = sum((n - expected) ** 2 / expected for n in Counter(firsts).values())
    assert chi2 < 18.5  # 4 degrees of freedom: probability 0.001


def test_share_of_the_ranks():
    parts = [list(islice(rank_share(iter(range(30)), 2, rank, 3), 10)) for rank in range(3)]
    assert parts[1] == [2, 3, 8, 9, 14, 15, 20, 21, 26, 27]
    assert sorted(index for part in parts for index in part) == list(range(30))


def shares(size, world_size, count, blocks, seed=0, epoch=0):
    return [
        list(islice(blocks.permutations(size, seed, epoch, 'x', 0, rank, world_size), count))
        for rank in range(world_size)
    ]


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize('world_size', [1, 2, 3])
@pytest.mark.parametrize(('size', 'block'), [(48, 4), (50, 7), (11, 1), (10, 100), (3, 2)])
def test_each_sample_once_per_pass(seed, world_size, size, block):
    share = size // world_size
    parts = shares(size, world_size, 4 * share, Blocks(block, 2), seed, epoch=3)
    left_out = set()
    for repeat in range(4):
        drawn = [draw for part in parts for draw in part[repeat * share : (repeat + 1) * share]]
        indices = {draw.index for draw in drawn}
        assert len(indices) == len(drawn) == share * world_size
        assert indices <= set(range(size))
        assert {(draw.epoch, draw.repeat) for draw in drawn} == {(3, repeat)}
        left_out |= set(range(size)) - indices
    assert len(left_out) <= 4 * (size % world_size)
    indices = [draw.index for draw in parts[0]]
    orders = {tuple(indices[i * share : (i + 1) * share]) for i in range(4)}
    assert len(orders) > 1 or share < 4


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize('world_size', [1, 2, 3])
def test_a_window_holds_few_blocks(seed, world_size):
    size, block, window = 1000, 20, 3
    for part in shares(size, world_size, size // world_size, Blocks(block, window), seed):
        for first in range(0, len(part), block * window):
            touched = {draw.index // block for draw in part[first : first + block * window]}
            # A stretch begins and ends anywhere in a block.
            assert len(touched) <= window + 1
        assert len({draw.index // block for draw in part}) <= size // world_size // block + 2
        firsts = [draw.index for draw in part[: block * window]]
        assert firsts != sorted(firsts)


def test_order_of_blocks_follows_from_its_key():
    blocks = Blocks(6, 2)
    draws = shares(60, 2, 60, blocks, seed=1)
    assert shares(60, 2, 60, blocks, seed=1) == draws
    assert shares(60, 2, 60, blocks, seed=2) != draws
    assert shares(60, 2, 60, blocks, seed=1, epoch=1) != draws
    shifted = islice(blocks.permutations(60, 1, 0, 'x', 100, 1, 2), 60)
    assert [draw.index - 100 for draw in shifted] == [draw.index for draw in draws[1]]


def test_each_sample_may_be_left_out():
    left_out = Counter()
    for seed in range(200):
        parts = shares(5, 2, 2, Blocks(1, 1), seed)
        left_out.update(set(range(5)) - {draw.index for part in parts for draw in part})
    assert min(left_out[index] for index in range(5)) > 15
