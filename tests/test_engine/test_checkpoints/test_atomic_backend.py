import hashlib
import json

import pytest
from mmengine.fileio import get_file_backend

from mmavssl.engine.checkpoints import AtomicBackend
from mmavssl.engine.checkpoints import atomic_backend as module
from mmavssl.engine.checkpoints.sidecar import Sidecar
from mmavssl.utils.errors import CheckpointError


def backend(iter=7):
    return get_file_backend('a.pth', backend_args=dict(backend='atomic', epoch=2, iter=iter))


def test_checkpoint_has_a_sidecar(tmp_path):
    path = tmp_path / 'a.pth'
    storage = backend()
    assert isinstance(storage, AtomicBackend)
    storage.put(b'content', str(path))
    assert path.read_bytes() == b'content'
    assert json.loads((tmp_path / 'a.pth.json').read_text()) == {
        'sha256': hashlib.sha256(b'content').hexdigest(), 'size': 7, 'epoch': 2, 'iter': 7,
    }  # fmt: skip
    storage.remove(str(path))
    assert list(tmp_path.iterdir()) == []


def test_sidecar_never_belongs_to_another_content(tmp_path, monkeypatch):
    """Whenever the machine stops while a checkpoint is written over another."""
    path = tmp_path / 'a.pth'
    backend(1).put(b'old', path)

    def stop(*args):
        raise CheckpointError('stopped')

    monkeypatch.setattr(module, 'write_atomically', stop)
    with pytest.raises(CheckpointError):
        backend(2).put(b'new', path)
    assert path.read_bytes() == b'old'
    assert Sidecar.read(path) is None

    monkeypatch.undo()
    monkeypatch.setattr(Sidecar, 'write', stop)
    with pytest.raises(CheckpointError):
        backend(2).put(b'new', path)
    assert path.read_bytes() == b'new'
    assert Sidecar.read(path) is None
