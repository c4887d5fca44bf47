import errno
import fcntl
import os
import signal
import subprocess
import sys
import time

import pytest

from mmavssl.utils import work_dir_lock
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.work_dir_lock import NAME, work_dir_in_use

HOLD = """
import os, sys, time
from mmavssl.utils.work_dir_lock import work_dir_in_use
with work_dir_in_use(sys.argv[1]):
    if os.fork() == 0:  # as a process that loads
        time.sleep(60)
    print('held', flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the folder, with one of its own that lives on."""
    command = [sys.executable, '-c', HOLD, tmp_path / 'run']
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout.readline() == b'held\n'
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_one_run_at_a_time(tmp_path, other):
    folder = tmp_path / 'run'
    message = f'run is in use by another run .process {other.pid} on .*another --work-dir'
    for _ in range(2):  # the attempt takes nothing away from who is there
        with pytest.raises(ConfigError, match=message), work_dir_in_use(folder):
            pass
    other.kill()
    end = time.monotonic() + 10
    while other.poll() is None:
        assert time.monotonic() < end
    with work_dir_in_use(folder):
        assert (folder / NAME).read_text().startswith(f'process {os.getpid()} on ')
    assert list(folder.iterdir()) == []


def test_an_error_frees_the_folder(tmp_path):
    with pytest.raises(RuntimeError), work_dir_in_use(tmp_path):
        raise RuntimeError
    with work_dir_in_use(tmp_path):
        pass


def test_a_lock_of_a_file_that_was_deleted_is_none(tmp_path, monkeypatch):
    """Whoever was there before deletes it between the opening and the locking."""
    lockf, calls = fcntl.lockf, []

    def late(file, how):
        calls.append(file)
        if len(calls) == 1:
            (tmp_path / NAME).unlink()
        lockf(file, how)

    monkeypatch.setattr(fcntl, 'lockf', late)
    with work_dir_in_use(tmp_path):
        assert (tmp_path / NAME).exists()
    assert len(calls) == 2


def test_file_system_without_locks(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(work_dir_lock, 'print_log', lambda text, *_: said.append(text))

    def none(file, how):
        raise OSError(errno.ENOLCK, 'No locks available')

    monkeypatch.setattr(fcntl, 'lockf', none)
    with work_dir_in_use(tmp_path):
        pass
    assert said == [
        f'{tmp_path} has no locks (No locks available): nothing keeps a second run out of it.'
    ]
