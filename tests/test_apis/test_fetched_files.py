import errno
import pickle
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


def test_a_file_is_fetched_once_and_gone_when_nobody_needs_it(tmp_path, fetched):
    files = FetchedFiles(tmp_path, ['s3://a', 's3://b', 's3://a'], openings=2)
    for name in ('s3://a', 's3://b', 's3://a'):
        assert files.get(name, {'backend': 'x'}) == name.encode()
    other_process = pickle.loads(pickle.dumps(files))
    assert other_process.get('s3://a') == b's3://a'
    assert fetched == [('s3://a', {'backend': 'x'}), ('s3://b', {'backend': 'x'})]
    kept = []
    for done in (['s3://a'], ['s3://b'], ['s3://a', 'never.mp4']):
        files.release(done)
        kept.append(len(list(tmp_path.iterdir())))
    assert kept == [2, 1, 0]


def test_what_is_opened_once_is_not_kept(tmp_path, fetched):
    files = FetchedFiles(tmp_path, ['s3://a', 's3://parts', 's3://parts'])
    for name in ('s3://a', 's3://parts', 's3://parts'):
        assert files.get(name) == name.encode()
        assert len(list(tmp_path.iterdir())) == (name == 's3://parts')
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
    assert not list(tmp_path.iterdir())
