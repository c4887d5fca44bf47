import os
import signal
import subprocess
import sys

import pytest

from mmavssl.apis.demo import folder as folder_module
from mmavssl.apis.demo.folder import LOCK, PREFIX, VARIABLE, delete_abandoned, folder_of_page
from mmavssl.utils.errors import ConfigError

#: A page that writes an upload and waits for its end.
PROGRAM = """
import time
from mmavssl.apis.demo.folder import folder_of_page

with folder_of_page() as folder:
    (folder / 'clip.mp4').touch()
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def parent(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / 'made' / 'uploads'))
    return tmp_path / 'made' / 'uploads'


@pytest.fixture
def start():
    """Start pages of other processes; give the process and its folder."""
    processes = []

    def start_page():
        command = [sys.executable, '-c', PROGRAM]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process, process.stdout.readline().strip()

    yield start_page
    for process in processes:
        process.kill()
        process.communicate()


def test_gradio_has_it_until_it_is_deleted(parent):
    with folder_of_page() as folder:
        assert folder.parent == parent
        assert os.environ[VARIABLE] == str(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / 'below').mkdir()
        (folder / 'below' / 'clip.mp4').touch()
    assert list(parent.iterdir()) == []


def test_it_is_deleted_after_an_error(parent):
    with pytest.raises(SystemExit), folder_of_page():
        sys.exit()
    assert list(parent.iterdir()) == []


def test_among_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, '')
    monkeypatch.setattr(folder_module.tempfile, 'tempdir', str(tmp_path))
    with folder_of_page() as folder:
        assert folder.parent == tmp_path


def test_only_those_of_ended_processes_are_deleted(parent, start):
    living, kept = start()
    killed, left = start()
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=30)
    (parent / f'{PREFIX}of_an_earlier_version').mkdir()
    (parent / 'other').mkdir()
    (parent / 'other' / LOCK).touch()
    expected = {kept, *map(str, parent.iterdir())} - {left}
    assert os.path.exists(left)
    with folder_of_page() as folder:
        assert {*map(str, parent.iterdir())} == {*expected, str(folder)}
    assert living.poll() is None
    assert sorted(os.listdir(kept)) == ['clip.mp4', LOCK]


def test_links_and_folders_of_others_are_left_alone(parent, tmp_path, monkeypatch):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / LOCK).touch()
    parent.mkdir(parents=True)
    (parent / f'{PREFIX}link').symlink_to(tmp_path / 'mine')
    theirs = parent / f'{PREFIX}theirs'
    theirs.mkdir()
    (theirs / LOCK).touch()
    me = os.getuid()
    with monkeypatch.context() as patch:
        patch.setattr(os, 'getuid', lambda: me + 1)
        delete_abandoned(parent)
    assert (theirs / LOCK).exists()
    delete_abandoned(parent)
    assert not theirs.exists()
    assert (tmp_path / 'mine' / LOCK).exists()


def test_without_locks_nothing_is_taken_for_abandoned(parent, monkeypatch):
    def refuse(*args):
        raise OSError('no locks')

    monkeypatch.setattr(folder_module.fcntl, 'flock', refuse)
    with folder_of_page() as folder:
        assert not (folder / LOCK).exists()
        delete_abandoned(parent)
        assert folder.exists()
    assert list(parent.iterdir()) == []


def test_a_place_where_no_folder_can_be(parent):
    parent.parent.touch()
    message = f'^No folder for uploads can be made in {parent}: Not a directory. Name'
    with pytest.raises(ConfigError, match=message), folder_of_page():
        pass
