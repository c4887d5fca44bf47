"""Files of an HTTP server, by MMEngine's storage backends."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmavssl.datasets import AVDataset
from mmavssl.datasets.readers import storage
from mmavssl.datasets.transforms import OpenAVFile
from mmavssl.utils.errors import ConfigError, DataError

PIPELINES = Config.fromfile(
    Path(__file__).parents[2] / 'configs/_base_/pipelines/audio_visual_64.py'
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing about it."""

    def log_message(self, *args):
        pass


@pytest.fixture
def served(tmp_path):
    """Return a folder and its address on a server of this test."""
    folder = tmp_path / 'served'
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(storage, 'PAUSES', (0.0, 0.0))


def make(root, prefix=None, **opening):
    pipeline = [dict(transform) for transform in PIPELINES['unlabeled_pipeline']]
    pipeline[0] = {'type': 'OpenAVFile', **opening}
    return AVDataset(
        'list.csv', data_root=str(root), pipeline=pipeline, source='unlabeled',
        data_prefix={'video': prefix} if prefix else None,
    )  # fmt: skip


@pytest.mark.parametrize('num_workers', [0, 2])
@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_samples_are_those_of_the_disk(served, avsprites_root, tmp_path, backend, num_workers):
    folder, address = served
    names = ['one.mp4', 'with spaces and ümläut.mp4']
    for source, name in zip(sorted(avsprites_root.rglob('*.mp4')), names, strict=False):
        shutil.copy(source, folder / name)
    (tmp_path / 'classes.txt').write_text('a\n')
    (tmp_path / 'list.csv').write_text(
        ''.join(['path,label\n', *(f'{name},0\n' for name in names)])
    )
    local = make(tmp_path, str(folder), backend=backend)
    remote = make(tmp_path, address, backend=backend, backend_args={'backend': 'http'})
    by_prefix = make(tmp_path, f'{address}/', backend=backend)
    for dataset in (remote, by_prefix):
        samples = DataLoader(dataset, batch_size=None, num_workers=num_workers)
        for ours, expected in zip(samples, local, strict=True):
            assert ours['data_samples'].video_path.startswith(address)
            for view in ('weak', 'strong'):
                for key, tensor in expected['inputs'][view].items():
                    assert torch.equal(ours['inputs'][view][key], tensor)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, r'the storage does not give this file: .*404.*\. Correct the address .*server'),
        (b'', r'is empty \(0 bytes\)'),
        (b'no video\n' * 99, r'cannot read video'),
    ],
)
def test_bad_files_are_named_by_their_address(served, content, message):
    folder, address = served
    if content is not None:
        (folder / 'a.mp4').write_bytes(content)
    with pytest.raises(DataError, match=rf'^{address}/a\.mp4:? {message}'):
        OpenAVFile()({'video_path': f'{address}/a.mp4'})


def test_a_storage_that_fails_for_a_moment_is_asked_again(served, avsprites_root, monkeypatch):
    folder, address = served
    shutil.copy(next(avsprites_root.rglob('*.mp4')), folder / 'a.mp4')
    calls = []
    get = storage.get

    def flaky(*args, **kwargs):
        calls.append(args)
        if len(calls) < 3:
            raise ConnectionResetError
        return get(*args, **kwargs)

    monkeypatch.setattr(storage, 'get', flaky)
    assert OpenAVFile()({'video_path': f'{address}/a.mp4'})['has_audio']
    assert len(calls) == 3


@pytest.mark.parametrize('path', ['a.mp4', 'nowhere://a.mp4', 's3://bucket/a.mp4'])
def test_unknown_storage(path):
    """MMEngine has one for s3://, but the package it needs is in no registry."""
    backend_args = None if '://' in path else {'backend': 'nowhere'}
    remedy = r'no storage backend for .*a\.mp4 .*mmengine\.fileio\.register_backend'
    with pytest.raises(ConfigError, match=remedy):
        OpenAVFile(backend_args=backend_args)({'video_path': path})


def test_a_storage_of_another_kind_has_another_remedy(monkeypatch):
    monkeypatch.setattr(storage, 'get_file_backend', lambda *args, **kwargs: None)
    with pytest.raises(DataError, match=r'Correct the path .* or `backend_args`'):
        OpenAVFile()({'video_path': 's3://bucket/a.mp4'})
