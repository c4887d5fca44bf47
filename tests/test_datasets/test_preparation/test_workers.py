import os
import signal
from functools import partial

import pytest

from mmavssl.datasets.preparation.workers import map_files
from mmavssl.utils import ConfigError


def shout(path: str, log: str = '') -> str:
    """Die as a decoder does at a fault, or as the system kills what takes too much memory."""
    if log:
        with open(log, 'a') as file:
            file.write(f'{path}\n')
    if path.startswith('crash'):
        os.kill(os.getpid(), signal.SIGSEGV if path.endswith('1') else signal.SIGKILL)
    return path.upper()


@pytest.mark.parametrize('workers', [1, 3])
def test_results(workers):
    paths = [f'clip{i}' for i in range(20)]
    results = dict(map_files(shout, paths, workers))
    assert results == {path: path.upper() for path in paths}


@pytest.mark.parametrize('workers', [1, 2])
def test_crash_names_the_file_and_no_other(tmp_path, workers):
    log = tmp_path / 'log'
    paths = ['a', 'b', 'crash1', *(f'clip{i}' for i in range(12)), 'crash2']
    results = list(map_files(partial(shout, log=str(log)), paths, workers))
    assert sorted(path for path, _ in results) == sorted(paths)
    assert {path for path, result in results if result is None} == {'crash1', 'crash2'}
    assert len(log.read_text().split()) < 2 * len(paths)


def die() -> None:
    os._exit(1)


def test_processes_that_cannot_start_are_no_fault_of_the_files(monkeypatch):
    monkeypatch.setattr('mmavssl.datasets.preparation.workers._prepare_worker', die)
    with pytest.raises(ConfigError, match='cannot be started'):
        list(map_files(shout, ['a', 'b'], 2))


def test_nothing_to_do():
    assert list(map_files(shout, [], 2)) == []


def test_stopping_early_waits_for_few():
    results = map_files(shout, [f'clip{i}' for i in range(1000)], 1)
    next(results)
    results.close()
