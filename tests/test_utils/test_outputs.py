import errno
import os
import stat
import threading

import pytest

from mmavssl.utils import outputs
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.outputs import check_output, check_output_folder, write_output


def test_nothing_is_left_behind(tmp_path):
    (tmp_path / 'old.json').write_text('{}')
    for path in ('new/folder/a.json', 'a.json', 'old.json'):
        check_output(tmp_path / path)
    check_output_folder(tmp_path / 'x/y')
    check_output_folder(tmp_path)
    assert os.listdir(tmp_path) == ['old.json']
    assert (tmp_path / 'old.json').read_text() == '{}'


def test_what_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    for path in ('/proc/x/a.json', tmp_path / 'file/a.json'):
        with pytest.raises(ConfigError, match=r'no file can be written there .* another folder'):
            check_output(path)
    with pytest.raises(ConfigError, match=r'is a folder\. Name a file to write'):
        check_output(tmp_path)
    monkeypatch.setattr(outputs.os, 'access', lambda *args: False)  # root may write anything
    with pytest.raises(ConfigError, match=r'file may not be written\. Name another file'):
        check_output(tmp_path / 'file')


def test_no_folder_is_made_meanwhile(tmp_path, monkeypatch):
    """Other jobs, which check the same folder, would see it come and go."""
    monkeypatch.setattr(outputs.os, 'mkdir', lambda *args, **options: pytest.fail('made'))
    check_output_folder(tmp_path / 'a/b')
    monkeypatch.chdir(tmp_path)
    check_output_folder('a/b')
    check_output_folder('.')


@pytest.mark.parametrize('folder', ['x' * 300, f'new/{"x" * 300}', 'link', 'link/new'])
def test_folders_that_cannot_be_made(tmp_path, folder):
    (tmp_path / 'link').symlink_to(tmp_path / 'nowhere')
    with pytest.raises(ConfigError, match='no file can be written there'):
        check_output_folder(tmp_path / folder)


def test_written_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / 'new/a.json'
    write_output(path, 'ä')
    assert path.read_bytes() == 'ä'.encode()

    def full(descriptor):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(outputs.os, 'fsync', full)
    with pytest.raises(OSError, match=r"No space left on device: '.*/new/a\.json'"):
        write_output(path, 'another text')
    assert path.read_bytes() == 'ä'.encode()
    assert os.listdir(path.parent) == ['a.json']


def test_what_is_no_file_stays_what_it_is(tmp_path):
    """Such as /dev/stdout, which is a link, and /dev/null."""
    pipe, link, target = (tmp_path / name for name in ('pipe', 'link', 'target'))
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_output(pipe, 'through')
    reader.join(10)
    assert read == ['through']
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    target.write_text('old')
    link.symlink_to(target)
    write_output(link, 'new')
    assert (link.is_symlink(), target.read_text()) == (True, 'new')


def test_file_in_a_folder_where_nothing_may_be_added(tmp_path, monkeypatch):
    path = tmp_path / 'a.json'
    path.touch()
    before = path.stat().st_ino
    monkeypatch.setattr(outputs.os, 'access', lambda *args: False)  # root may write anywhere
    write_output(path, 'text')
    assert (path.stat().st_ino, path.read_text()) == (before, 'text')
