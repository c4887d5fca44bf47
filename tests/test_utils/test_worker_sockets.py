import socket
import tempfile
from multiprocessing import util

import pytest
from torch.utils.data import DataLoader

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.foreign_rules import check_foreign
from mmavssl.utils.worker_sockets import ROOM, SUFFIX, check_worker_sockets

KNOWS_BETTER = hasattr(util, '_get_base_temp_dir')


def folder_of(length):
    return '/tmp/' + 'f' * (length - len('/tmp/'))


@pytest.fixture
def temporary_folder(monkeypatch):
    return lambda length: monkeypatch.setattr(tempfile, 'tempdir', folder_of(length))


@pytest.mark.parametrize('more', [0, 1])
def test_room_is_that_of_the_system(tmp_path, monkeypatch, more):
    monkeypatch.chdir(tmp_path)
    name = './' + 's' * (ROOM + more - 2)
    with socket.socket(socket.AF_UNIX) as listener:
        if more:
            with pytest.raises(OSError, match='too long'):
                listener.bind(name)
        else:
            listener.bind(name)


def test_suffix_is_that_of_multiprocessing(tmp_path, monkeypatch):
    from multiprocessing.connection import arbitrary_address

    folder = tempfile.mkdtemp(prefix='pymp-', dir=tmp_path)
    monkeypatch.setattr(util, 'get_temp_dir', lambda: folder)
    assert len(arbitrary_address('AF_UNIX')) == len(str(tmp_path)) + len(SUFFIX)


@pytest.mark.skipif(KNOWS_BETTER, reason='this Python takes a shorter folder by itself')
def test_workers_need_a_short_temporary_folder(temporary_folder):
    temporary_folder(ROOM - len(SUFFIX))
    check_worker_sockets('num_workers')
    temporary_folder(ROOM - len(SUFFIX) + 1)
    with pytest.raises(ConfigError, match=r'^a\.num_workers: .* \(/tmp/f+\)\. Set TMPDIR to .* 0'):
        check_foreign(DataLoader, {'num_workers': 1}, 'a')
    check_foreign(DataLoader, {'num_workers': 0}, 'a')
