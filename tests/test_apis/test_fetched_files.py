import errno
import multiprocessing
import pickle
import time
from pathlib import Path

import pytest

from mmavssl.apis import fetched_files
from mmavssl.apis.fetched_files import FetchedFiles


@pytest.fixture
def fetched(monkeypatch):
    """What is asked for of a storage, which gives names as contents."""
    asked = []

    def fetch(path, backend_args=None):
        asked.append((path, backend_args))
        return path.encode()

    monkeypatch.setattr(fetched_files, 'fetch', fetch)
    return asked


def kept(folder):
    """Return how many files are kept."""
    return len([path for path in folder.iterdir() if not path.suffix])


def test_a_file_is_fetched_once_and_gone_when_nobody_needs_it(tmp_path, fetched):
    files = FetchedFiles(tmp_path, ['s3://a', 's3://b', 's3://a'], openings=2)
    for name in ('s3://a', 's3://b', 's3://a'):
        assert files.get(name, {'backend': 'x'}) == name.encode()
    other_process = pickle.loads(pickle.dumps(files))
    assert other_process.get('s3://a') == b's3://a'
    assert fetched == [('s3://a', {'backend': 'x'}), ('s3://b', {'backend': 'x'})]
    counts = []
    for done in (['s3://a'], ['s3://b'], ['s3://a', 'never.mp4', '\ud800']):
        files.release(done)
        counts.append(kept(tmp_path))
    assert counts == [2, 1, 0]
    assert not list(tmp_path.iterdir())


def test_what_is_opened_once_is_not_kept(tmp_path, fetched):
    files = FetchedFiles(tmp_path, ['s3://a', 's3://parts', 's3://parts'])
    for name in ('s3://a', 's3://parts', 's3://parts'):
        assert files.get(name) == name.encode()
        assert kept(tmp_path) == (name == 's3://parts')
        files.release([name])
    assert len(fetched) == 2
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written(tmp_path, fetched):
    files = FetchedFiles(tmp_path / 'gone', ['s3://a'], 2)
    assert files.get('s3://a') == files.get('s3://a') == b's3://a'
    assert len(fetched) == 2
    files.release(['s3://a'])


def test_full_disk_keeps_no_half_file(tmp_path, fetched, monkeypatch):
    def fill(path, content):
        path.touch()
        raise OSError(errno.ENOSPC, 'No space left on device')

    files = FetchedFiles(tmp_path, ['s3://a'], 2)
    monkeypatch.setattr(Path, 'write_bytes', fill)
    assert files.get('s3://a') == b's3://a'
    assert [path.suffix for path in tmp_path.iterdir()] == ['.lock']


def test_not_more_is_kept_than_is_meant(tmp_path, fetched, monkeypatch):
    monkeypatch.setattr(fetched_files, 'MAX_KEPT', 13)
    files = FetchedFiles(tmp_path, ['s3://a', 's3://b', 's3://c'], 2)
    for name in ('s3://a', 's3://b', 's3://c'):
        assert files.get(name) == files.get(name) == name.encode()
    assert kept(tmp_path) == 2
    assert len(fetched) == 4


def test_processes_wait_for_each_other(tmp_path, monkeypatch):
    """What one of them fetches, the other one takes from the folder."""
    asked = tmp_path / 'asked'

    def fetch(path, backend_args=None):
        with asked.open('a') as file:
            file.write('x')
        time.sleep(0.2)
        return path.encode()

    monkeypatch.setattr(fetched_files, 'fetch', fetch)
    folder = tmp_path / 'kept'
    folder.mkdir()
    files = FetchedFiles(folder, ['s3://a'] * 3)
    context = multiprocessing.get_context('fork')
    processes = [context.Process(target=files.get, args=('s3://a',)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert asked.read_text() == 'x'
