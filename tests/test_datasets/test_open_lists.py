import gc
import os
import weakref

import pytest

from mmavssl.datasets import open_lists
from mmavssl.datasets.open_lists import open_manifest
from mmavssl.utils import DataError

CLASSES = ('run', 'jump')


@pytest.fixture
def reads(monkeypatch):
    """Return the lists that were read."""
    paths = []

    def read(path, classes):
        paths.append(path)
        return real(path, classes)

    real = open_lists.read_manifest
    monkeypatch.setattr(open_lists, 'read_manifest', read)
    return paths


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'list.csv'
    path.write_text('path,label\na.mp4,0\n')
    return path


def test_list_in_use_is_not_read_again(path, reads, monkeypatch):
    table = open_manifest(path, CLASSES)
    assert open_manifest(path, list(CLASSES)) is table
    monkeypatch.chdir(path.parent)
    assert open_manifest('list.csv', CLASSES) is table
    assert len(reads) == 1
    assert open_manifest(path, ('sit', 'run')) is not table


def test_nobody_holds_it(path, reads):
    held = weakref.ref(open_manifest(path, CLASSES))
    gc.collect()
    assert held() is None
    open_manifest(path, CLASSES)
    assert len(reads) == 2


def test_it_is_handed_over_once(path, reads):
    for _ in range(2):  # by two who check it
        held = weakref.ref(open_manifest(path, CLASSES, hand_over=True))
    gc.collect()
    table = open_manifest(path, CLASSES)
    assert table is held()
    assert open_manifest(path, CLASSES) is table
    assert len(reads) == 1
    del table
    gc.collect()
    assert held() is None


def test_another_time_or_size_is_another_list(path, reads):
    first = open_manifest(path, CLASSES, hand_over=True)
    os.utime(path, ns=(1, 1))
    assert open_manifest(path, CLASSES) is not first
    path.write_text('path,label\na.mp4,0\nb.mp4,1\n')
    os.utime(path, ns=(1, 1))
    assert len(open_manifest(path, CLASSES)) == 2
    assert len(reads) == 3
    # The one that waited is of no use to anybody.
    held = weakref.ref(first)
    del first
    gc.collect()
    assert held() is None


def test_no_list(path, tmp_path):
    with pytest.raises(DataError, match='is not a file'):
        open_manifest(tmp_path / 'absent.csv', CLASSES)
