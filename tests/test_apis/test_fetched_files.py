import pickle

import pytest

from mmavssl.apis import fetched_files
from mmavssl.apis.fetched_files import FetchedFiles


@pytest.fixture
def fetched(monkeypatch):
    """What is asked for of a storage, which gives names as contents."""
    asked = []

    def fetch(path, backend_args):
        asked.append((path, backend_args))
        return path.encode()

    monkeypatch.setattr(fetched_files, 'fetch', fetch)
    return asked


def test_a_file_is_fetched_once_and_gone_when_it_is_taken(tmp_path, fetched):
    files = FetchedFiles(tmp_path)
    for name in ('s3://a', 's3://b', 's3://a'):
        assert files.keep(name, {'backend': 'x'}) == name.encode()
    other_process = pickle.loads(pickle.dumps(files))
    assert other_process.take('s3://a') == b's3://a'
    assert fetched == [('s3://a', {'backend': 'x'}), ('s3://b', {'backend': 'x'})]
    assert len(list(tmp_path.iterdir())) == 1
    assert files.take('s3://a') == b's3://a'
    assert fetched[2:] == [('s3://a', None)]


def test_folder_that_cannot_be_written(tmp_path, fetched):
    files = FetchedFiles(tmp_path / 'gone')
    assert files.keep('s3://a') == files.take('s3://a') == b's3://a'
    assert len(fetched) == 2
