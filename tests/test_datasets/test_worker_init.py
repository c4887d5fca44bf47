import gc
import random

import av
import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from mmavssl.datasets import av_worker_init_fn, worker_init
from mmavssl.registry import FUNCTIONS


class State(Dataset):
    """What a worker looks like from inside."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return {
            'worker': get_worker_info().id,
            'threads': (torch.get_num_threads(), cv2.getNumThreads()),
            'draws': (random.random(), np.random.rand(), torch.rand(1).item()),
        }


class Collected(Dataset):
    """A worker that looks for garbage, as all do now and then."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        gc.collect()
        return index


@pytest.fixture
def keep_state():
    threads, states = torch.get_num_threads(), (random.getstate(), np.random.get_state())
    cv_threads, torch_state = cv2.getNumThreads(), torch.get_rng_state()
    yield
    torch.set_num_threads(threads)
    cv2.setNumThreads(cv_threads)
    torch.set_rng_state(torch_state)
    random.setstate(states[0])
    np.random.set_state(states[1])


def workers(seed):
    torch.manual_seed(seed)
    loader = DataLoader(State(), batch_size=None, num_workers=2, worker_init_fn=av_worker_init_fn)
    return list(loader)


def test_workers(keep_state):
    first = workers(seed=3)
    assert [state['worker'] for state in first] == [0, 1]
    for state in first:
        assert list(state['threads']) == [1, 1]
    assert workers(seed=3) == first
    draws = [state['draws'] for state in first + workers(seed=4)]
    for column in zip(*draws, strict=True):
        assert len(set(column)) == 4


def test_mmengine_finds_it_and_passes_the_number_alone():
    assert FUNCTIONS.get('av_worker_init_fn') is av_worker_init_fn
    loader = DataLoader(State(), batch_size=None, num_workers=1, worker_init_fn=av_worker_init_fn)
    assert len(list(loader)) == 2


def test_ranks_differ(monkeypatch, keep_state):
    draws = []
    for rank in range(3):
        monkeypatch.setattr(worker_init, 'get_rank', lambda rank=rank: rank)
        torch.manual_seed(1)
        av_worker_init_fn(0)
        draws.append((random.random(), np.random.rand(), torch.rand(1).item()))
    for column in zip(*draws, strict=True):
        assert len(set(column)) == 3


def test_one_thread(keep_state):
    torch.set_num_threads(2)
    cv2.setNumThreads(2)
    av_worker_init_fn(0)
    assert (torch.get_num_threads(), cv2.getNumThreads()) == (1, 1)


def test_codec_that_the_main_process_left_is_not_freed(avsprites_root):
    """It would wait for its threads, which a fork leaves behind."""
    gc.disable()
    try:
        container = av.open(str(next(avsprites_root.rglob('*.mp4'))))
        container.streams.video[0].thread_type = 'AUTO'
        container.streams.video[0].codec_context.thread_count = 2
        next(container.decode(video=0))
        garbage = [container]
        garbage.append(garbage)
        del garbage, container
        loader = DataLoader(
            Collected(), batch_size=None, num_workers=1, worker_init_fn=av_worker_init_fn,
            timeout=60, multiprocessing_context='fork',
        )  # fmt: skip
        assert list(loader) == [0]
    finally:
        gc.enable()
