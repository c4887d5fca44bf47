import logging
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader, Dataset

from mmavssl.datasets import av_worker_init_fn
from mmavssl.datasets.batch_draws import draws_of_batch, video_path_of
from mmavssl.engine.loops import patient_batches, worker_watch
from mmavssl.engine.loops.patient_batches import PatientBatches
from mmavssl.engine.loops.remaining_batches import remaining_batches
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError, DataError


class Trouble(Dataset):
    """Numbers, whose number 5 kills its worker or hangs, as often as there are files for it."""

    def __init__(self, folder, kind, times):
        self.folder, self.kind = Path(folder), kind
        for number in range(times):
            (self.folder / f'{number}.due').touch()

    def __len__(self):
        return 12

    def get_data_info(self, index):
        return {'video_path': f'clip_{index}.mp4'}

    def __getitem__(self, index):
        due = next(self.folder.glob('*.due'), None)
        if index == 5 and due is not None:
            due.unlink()
            if self.kind == 'hang':
                time.sleep(600)
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.tensor(index)


def loader(dataset, workers=2, **kwargs):
    # Workers begin as ours do, which what other tests have left in this process cannot hang.
    settings = dict(num_workers=workers, worker_init_fn=av_worker_init_fn, **kwargs)
    return DataLoader(dataset, batch_size=2, **settings)


def numbers(batches):
    return [batch.tolist() for batch in batches]


WHOLE = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]


@pytest.fixture
def warnings(caplog):
    logger = MMLogger.get_instance('patient', logger_name='patient')
    logger.handlers.clear()
    logger.addHandler(caplog.handler)
    ours = (logging.WARNING, 'patient')
    return lambda: [r.getMessage() for r in caplog.records if (r.levelno, r.name) == ours]


@pytest.mark.parametrize('persistent', [False, True])
@pytest.mark.parametrize(('kind', 'times'), [('kill', 1), ('kill', 3), ('hang', 1)])
def test_workers_are_replaced_and_no_batch_is_lost(tmp_path, warnings, kind, times, persistent):
    data = loader(Trouble(tmp_path, kind, times), persistent_workers=persistent)
    begin = time.monotonic()
    timeout = 60 if kind == 'kill' else 5
    assert numbers(PatientBatches(data, timeout, 3).from_number(0)) == WHOLE
    took = time.monotonic() - begin
    reason = 'no batch within 5 s' if kind == 'hang' else 'DataLoader worker (pid'
    for text in warnings():
        assert reason in text
        assert 'New workers go on from batch ' in text
    assert len(warnings()) == times
    assert took < 45  # a death is noticed long before the time limit


def test_batch_that_never_comes_is_an_error_that_names_its_files(tmp_path):
    batches = PatientBatches(loader(Trouble(tmp_path, 'kill', 9)), 60, 2).from_number(0)
    found = []
    with pytest.raises(DataError) as info:
        found.extend(batch.tolist() for batch in batches)
    assert found == WHOLE[:2]  # those before the bad one, although others were at work, too
    message = str(info.value)
    assert message.startswith('Batch 2 of this epoch did not come, also not from new workers.')
    assert ' The workers had clip_4.mp4, clip_5.mp4. Look at them' in message
    assert len(list(tmp_path.glob('*.due'))) == 6


def test_without_replacements_all_that_were_at_work_are_named(tmp_path):
    with pytest.raises(DataError, match=r'had clip_\d.*clip_5\.mp4') as info:
        list(PatientBatches(loader(Trouble(tmp_path, 'kill', 9)), 60, 0).from_number(0))
    assert str(info.value).count('.mp4') >= 6


def test_dead_worker_does_not_break_off_the_training_step(tmp_path):
    """Torch's own handler would raise wherever the main process is when a worker dies."""
    batches = PatientBatches(loader(Trouble(tmp_path, 'kill', 1)), 60, 2).from_number(0)
    found = [next(batches).tolist()]
    end = time.monotonic() + 60
    while any(tmp_path.glob('*.due')):  # the step, in which the worker dies
        assert time.monotonic() < end
    end = time.monotonic() + 0.5
    while time.monotonic() < end:  # and in which torch's handler would be called
        sum(range(1000))
    assert found + numbers(batches) == WHOLE


def test_error_of_the_data_set_is_no_lost_worker(tmp_path):
    class Broken(Trouble):
        def __getitem__(self, index):
            raise RuntimeError('reading timed out after 3 s')

    with pytest.raises(RuntimeError, match='reading timed out after 3 s'):
        list(PatientBatches(loader(Broken(tmp_path, '', 0)), 60, 2).from_number(0))


@pytest.mark.parametrize('error', [ConnectionResetError('reset'), EOFError()])
@pytest.mark.parametrize('dies', [True, False])
def test_connection_to_a_worker_that_died(tmp_path, monkeypatch, error, dies):
    """A tensor comes over a connection to its worker, which may be dead by then."""
    data = loader(Trouble(tmp_path, '', 0))
    batches = PatientBatches(data, 60, 1)
    found, kind = [], torch.utils.data.dataloader._MultiProcessingDataLoaderIter
    original = kind._get_data

    def broken(self):
        monkeypatch.setattr(kind, '_get_data', original)
        if dies:
            self._workers[0].kill()
            self._workers[0].join()
        raise error

    monkeypatch.setattr(kind, '_get_data', broken)
    if dies:
        found += numbers(batches.from_number(0))
        assert found == WHOLE
    else:
        monkeypatch.setattr(worker_watch, 'one_dies', partial(worker_watch.one_dies, within=0.3))
        with pytest.raises(type(error)):
            list(batches.from_number(0))


def test_slow_batches_are_waited_for(tmp_path, monkeypatch):
    class Slow(Trouble):
        def __getitem__(self, index):
            time.sleep(0.15)
            return torch.tensor(index)

    monkeypatch.setattr(patient_batches, 'POLL', 0.05)
    assert numbers(PatientBatches(loader(Slow(tmp_path, '', 0)), 60, 0).from_number(0)) == WHOLE
    assert numbers(PatientBatches(loader(Slow(tmp_path, '', 0)), 0, 0).from_number(0)) == WHOLE


@pytest.mark.parametrize('persistent', [False, True])
@pytest.mark.parametrize(('kind', 'reason'), [('kill', r'worker \(pid'), ('hang', 'timed out')])
def test_other_loaders_do_not_wait_for_ever_either(
    tmp_path, kind, reason, persistent
):
    timeout = 30 if kind == 'kill' else 3
    batches = PatientBatches(loader(Trouble(tmp_path / 'none', '', 0)), timeout, 1)
    other = loader(Trouble(tmp_path / 'none', '', 0), persistent_workers=persistent)
    with batches.waiting_for(other):
        assert numbers(other) == WHOLE
    list(other)  # after which the workers have ended, which no other error is to be blamed on
    with pytest.raises(OSError, match='of a log'), batches.waiting_for(other):
        raise OSError('of a log')
    other = loader(Trouble(tmp_path, kind, 2), persistent_workers=persistent)
    with (
        pytest.raises(DataError, match=f'^Validation: DataLoader {reason}'),
        batches.waiting_for(other),
    ):
        list(other)
    with pytest.raises(RuntimeError, match='of another kind'), batches.waiting_for(other):
        raise RuntimeError('of another kind')


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('start', [0, 1, 5, 6])
def test_remaining_batches(tmp_path, workers, start):
    data = loader(Trouble(tmp_path, '', 0), workers)
    rest = remaining_batches(data, start)
    assert len(rest) == 6 - start
    assert numbers(rest) == WHOLE[start:]
    assert numbers(PatientBatches(data, 60, 0).from_number(start)) == WHOLE[start:]


@pytest.mark.parametrize(
    ('timeout', 'restarts', 'key'), [(-1, 1, 'data_timeout'), (True, 1, 'data_timeout'),
                                     (1, -2, 'max_restarts'), (1, '3', 'max_restarts')],
)  # fmt: skip
def test_bad_settings(tmp_path, timeout, restarts, key):
    with pytest.raises(ConfigError, match=rf'train_cfg\.{key}: expected a number of at least 0'):
        PatientBatches(loader(Trouble(tmp_path, '', 0)), timeout, restarts)


def test_draws_of_a_batch(tmp_path):
    data = loader(Trouble(tmp_path, '', 0))
    assert draws_of_batch(data, 2) == [DrawIndex(4), DrawIndex(5)]
    assert draws_of_batch(data, 6) == []
    assert video_path_of(data.dataset, DrawIndex(3, 1, 1)) == 'clip_3.mp4'
    assert video_path_of([1, 2], DrawIndex(1)) == 'sample 1'
