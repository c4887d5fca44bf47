"""Files of results: those of a run before stay where the disk is full."""

import errno
import os
from pathlib import Path

import pytest
from torch import tensor

from mmavssl.apis.predictions import written_at_the_end
from mmavssl.evaluation.metrics import MultiViewAccuracy
from mmavssl.visualization.report_page import save_report


@pytest.fixture
def full_disk(monkeypatch):
    """What is written does not come to the disk."""

    def fail(descriptor):
        raise OSError(errno.ENOSPC, 'No space left on device')

    return lambda: monkeypatch.setattr(os, 'fsync', fail)


@pytest.fixture
def old(tmp_path):
    path = tmp_path / 'old.json'
    path.write_text('before')
    return path


def test_metrics(tools, toy, old, full_disk):
    assert tools('train', 'toy.py', '--work-dir', 'run') == 0
    full_disk()
    line = tools.last_line('test', 'toy.py', 'run/epoch_1.pth', '--out', old)
    assert line.startswith('The disk is full (')
    assert old.read_text() == 'before'
    assert not [*Path().glob('.old*')]


def test_others(old, full_disk):
    full_disk()

    def predict():
        with written_at_the_end(old) as written:
            written['errors'].append('x')

    def dump():
        MultiViewAccuracy(dump=str(old))._dump({'a': 1.0}, {'student': tensor([[1]])}, ['c'])

    for write in (predict, dump, lambda: save_report(old, 'title', [])):
        with pytest.raises(OSError, match='No space left'):
            write()
        assert old.read_text() == 'before'
