"""A run that goes on with another number of processes."""

import signal
import time
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmavssl.datasets import samplers
from mmavssl.datasets.samplers import EpochSampler, RatioBatchSampler, TwoStreamSampler
from mmavssl.engine.checkpoints.sidecar import Sidecar
from tests.reliability.small_run import drafts, finish, make_data, start, write_config

DATASET = SimpleNamespace(labeled=range(7), unlabeled=range(50))


def ratio_batches(monkeypatch, ranks, epoch):
    """Return the draws of each iteration over all ranks, which share a batch of 12."""
    parts = []
    for rank in range(ranks):
        monkeypatch.setattr(samplers, 'get_dist_info', lambda rank=rank: (rank, ranks))
        sampler = TwoStreamSampler(DATASET, seed=3, epoch_over=9)
        sampler.set_epoch(epoch)
        parts.append(list(RatioBatchSampler(sampler, 12 // ranks, ratio=(1, 2))))
    return [sorted(chain.from_iterable(batches)) for batches in zip(*parts, strict=True)]


def plain_batches(monkeypatch, ranks, epoch):
    parts = []
    for rank in range(ranks):
        monkeypatch.setattr(samplers, 'get_dist_info', lambda rank=rank: (rank, ranks))
        sampler = EpochSampler(range(48), seed=3)
        sampler.set_epoch(epoch)
        draws, size = list(sampler), 12 // ranks
        parts.append([draws[i : i + size] for i in range(0, len(draws), size)])
    return [sorted(chain.from_iterable(batches)) for batches in zip(*parts, strict=True)]


@pytest.mark.parametrize('ranks', [2, 4])
@pytest.mark.parametrize('batches', [ratio_batches, plain_batches])
def test_same_global_batches_in_the_same_order(monkeypatch, batches, ranks):
    for epoch in (0, 5):
        assert batches(monkeypatch, ranks, epoch) == batches(monkeypatch, 1, epoch)


@pytest.mark.slow
def test_two_processes_then_one(tmp_path):
    data = make_data(tmp_path / 'data')
    two, one = (write_config(tmp_path / f'{n}.py', data, ranks=n) for n in (2, 1))
    work_dir = tmp_path / 'work'
    process = start(two, work_dir, 2)
    while not (work_dir / 'last_checkpoint').exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) != 0
    assert (work_dir / 'preempted').exists()
    left = Sidecar.read(Path((work_dir / 'last_checkpoint').read_text()))
    assert 2 < left.iter < 18

    small = write_config(tmp_path / 'small.py', data, train_dataloader__batch_size=6)
    refused = start(small, work_dir)
    assert refused.wait(60) == 2
    line = (work_dir / 'output.txt').read_text().strip().splitlines()[-1]
    assert 'Set train_dataloader.batch_size=12 and optim_wrapper.accumulative_counts=1' in line

    finish(start(one, work_dir), work_dir)
    assert Sidecar.read(Path((work_dir / 'last_checkpoint').read_text())).iter == 18
    assert not drafts(work_dir)
