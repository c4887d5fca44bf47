"""Random numbers of a sample follow from its key alone."""

import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmavssl.structures import DrawIndex
from mmavssl.utils.random import isolated_rng
from tests.test_datasets.test_av_dataset.toys import Draws, Skip, make


def test_draw_follows_from_its_key(root):
    draw = DrawIndex(7, epoch=3, repeat=2)
    dataset = make(root, seed=5)
    first = dataset[draw]['draws']
    for i in range(10):
        dataset[i]
    assert dataset[draw]['draws'] == first
    assert make(root, seed=5)[draw]['draws'] == first
    with isolated_rng(5, 3, 2, 'labeled', 7):
        assert first == (random.random(), np.random.rand(), torch.rand(1).item())


def test_every_part_of_the_key_counts(root):
    dataset = make(root)
    keys = [DrawIndex(i, e, r) for i in range(3) for e in range(3) for r in range(3)]
    draws = [dataset[key]['draws'] for key in keys]
    draws += [make(root, seed=1)[0]['draws'], make(root, source='unlabeled')[0]['draws']]
    for column in zip(*draws, strict=True):
        assert len(set(column)) == len(keys) + 2
    assert dataset[3]['draws'] == dataset[DrawIndex(3)]['draws']


def test_generators_outside_do_not_notice(root):
    dataset = make(root)
    values = []
    for touch in (False, True):
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        if touch:
            dataset[2]
        values.append((torch.rand(1).item(), np.random.rand(), random.random()))
    assert values[0] == values[1]


@pytest.mark.parametrize('persistent', [False, True])
def test_workers_do_not_change_samples(root, persistent):
    dataset = make(root, pipeline=[Draws(), Skip('1.mp4', '4.mp4')])
    keys = [DrawIndex(i, epoch, repeat=i // 5) for epoch in range(2) for i in range(10)]
    expected = [dataset[key] for key in keys]
    for num_workers in (0, 2):
        loader = DataLoader(
            dataset,
            sampler=keys,
            batch_size=5,
            collate_fn=list,
            num_workers=num_workers,
            persistent_workers=persistent and num_workers > 0,
        )
        for _ in range(2 if persistent else 1):
            assert [sample for batch in loader for sample in batch] == expected
        if loader.persistent_workers:
            loader._iterator._shutdown_workers()  # torch waits 5 s each if left to the collector
