import errno
import os
from pathlib import Path

import pytest

from mmavssl.utils.atomic_write import draft_of, write_atomically
from mmavssl.utils.errors import CheckpointError


def test_file_and_folder_are_made(tmp_path):
    path = tmp_path / 'new/a.pth'
    write_atomically(path, b'content')
    assert path.read_bytes() == b'content'
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_what_was_there_stays_when_the_system_refuses(tmp_path, monkeypatch, number):
    path = tmp_path / 'a.pth'
    path.write_bytes(b'old')

    def refuse(file):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, 'fsync', refuse)
    with pytest.raises(CheckpointError) as info:
        write_atomically(path, b'new')
    reason = 'the disk is full' if number != errno.EIO else 'Input/output error'
    assert str(info.value).startswith(f'{path} was not written: {reason} (0.0 MB).')
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]


def test_order_of_what_the_system_is_asked(tmp_path, monkeypatch):
    """The content is on the disk before the file gets its name, and the name after that."""
    path, asked = tmp_path / 'a.pth', []
    sync, replace = os.fsync, Path.replace

    def note_sync(opened):
        asked.append('folder' if os.path.isdir(f'/proc/self/fd/{opened}') else 'content')
        sync(opened)

    def note_replace(self, target):
        assert self == draft_of(path)
        asked.append('name')
        return replace(self, target)

    monkeypatch.setattr(os, 'fsync', note_sync)
    monkeypatch.setattr(Path, 'replace', note_replace)
    write_atomically(path, b'content')
    assert asked == ['content', 'name', 'folder']
