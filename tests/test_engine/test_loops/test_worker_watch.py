import threading
import time

import pytest
from torch.utils.data import DataLoader, Dataset

from mmavssl.datasets import av_worker_init_fn
from mmavssl.engine.loops.patient_batches import PatientBatches
from mmavssl.engine.loops.worker_watch import watch_workers
from mmavssl.utils.errors import DataError


class Large(Dataset):
    """Batches that a pipe does not hold at once; the second one, of the other worker, is late."""

    def __init__(self, late=2):
        self.late = late

    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == 1:
            time.sleep(self.late)
        return bytes([index]) * 2_000_000


def loader(late=2, **kwargs):
    settings = dict(num_workers=2, worker_init_fn=av_worker_init_fn, **kwargs)
    return DataLoader(Large(late), collate_fn=lambda items: items[0], **settings)


def kill_the_writer(batches):
    """Kill the first worker, which is in the middle of its first batch, as nobody reads it."""
    batches._data_queue._poll(10)  # some of it is there
    time.sleep(0.5)
    batches._workers[0].kill()


def after_a_kill(data):
    batches = iter(data)
    kill_the_writer(batches)
    return batches


@pytest.mark.timeout(60)
@pytest.mark.parametrize('persistent', [False, True])
def test_half_a_batch_is_made_anew(persistent, monkeypatch):
    data = loader(persistent_workers=persistent)
    original = type(data)._get_iterator
    made = []

    def get_iterator(self):
        made.append(original(self))
        if len(made) == 1:
            kill_the_writer(made[0])
        return made[-1]

    monkeypatch.setattr(DataLoader, '_get_iterator', get_iterator)
    batches = PatientBatches(data, 30, 1).from_number(0)
    assert [batch[0] for batch in batches] == list(range(6))
    assert len(made) == 2
    assert not any(worker.is_alive() for worker in made[0]._workers)


@pytest.mark.timeout(60)
def test_validation_ends_with_its_line():
    data = loader()
    with (
        pytest.raises(DataError, match=r'^Validation: DataLoader worker'),
        PatientBatches(loader(), 30, 1).waiting_for(data),
    ):
        list(after_a_kill(data))


def test_workers_that_end_in_order_are_left_alone(monkeypatch):
    monkeypatch.setattr('torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL', 60)  # time to end
    data = loader(late=0.2)
    watch_workers(data)
    before = set(threading.enumerate())
    for _ in range(2):
        assert [batch[0] for batch in data] == list(range(6))
    batches = iter(data)
    workers = batches._workers
    next(batches)
    del batches  # it ends its workers, since the thread does not keep it
    end = time.monotonic() + 60
    while set(threading.enumerate()) - before or any(worker.is_alive() for worker in workers):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert [worker.exitcode for worker in workers] == [0, 0]


def test_without_workers_there_is_nothing_to_watch():
    data = DataLoader(Large())
    watch_workers(data)
    assert '_get_iterator' not in vars(data)
