import copy
import pickle

import numpy as np
import pytest

from mmavssl.datasets.clip_table import ClipEntry
from mmavssl.datasets.clip_table_builder import ClipPortion, ClipTableBuilder

ENTRIES = [
    ClipEntry('a.mp4', 2, 0.5, 3.0, 'a.wav', 2, 0.9),
    ClipEntry('ü, b.mp4', None, None, 4.0, None, 3),
    ClipEntry('日本.mp4', 0, 0.0, None, 'ö.wav', 7),
]


def column(entries, name, missing):
    values = (getattr(entry, name) for entry in entries)
    return [missing if value is None else value for value in values]


def portion(entries, parts=True, sound=True):
    return ClipPortion(
        column(entries, 'path', ''),
        np.array(column(entries, 'label', -1)),
        np.array(column(entries, 'line', 0)),
        np.array(column(entries, 'start', np.nan)) if parts else None,
        np.array(column(entries, 'end', np.nan)) if parts else None,
        column(entries, 'audio_path', '') if sound else None,
        np.array(column(entries, 'confidence', np.nan)) if parts else None,
    )


def table_of(*portions):
    builder = ClipTableBuilder()
    for one in portions:
        builder.add(one)
    return builder.build()


@pytest.fixture
def table():
    return table_of(portion(ENTRIES[:1]), portion(ENTRIES[1:]))


def test_entries(table):
    assert len(table) == 3
    for i in range(-3, 3):
        assert table[i] == ENTRIES[i]
        assert table[i].line == ENTRIES[i].line
    assert list(table) == ENTRIES
    assert table[1:] == ENTRIES[1:]
    assert table[::-2] == ENTRIES[::-2]
    kinds = [type(value) for value in vars(table[0]).values()]
    assert kinds == [str, int, float, float, str, int, float]
    for index in (3, -4):
        with pytest.raises(IndexError):
            table[index]


def test_equality(table):
    assert table == ENTRIES
    assert list.__eq__(ENTRIES, table) is NotImplemented  # so Python asks the table
    assert table == table_of(portion(ENTRIES))
    assert table != ENTRIES[:2]
    assert table != [*ENTRIES[:2], ClipEntry('日本.mp4', 1, 0.0, None, 'ö.wav')]
    assert table != 3


def test_nothing_can_be_written(table):
    for array in (table.paths.data, table.paths.bounds, table.labels, table.confidences):
        with pytest.raises(ValueError, match='read-only'):
            array[0] = 1
    assert copy.deepcopy(table) is table
    assert pickle.loads(pickle.dumps(table)) == ENTRIES


def test_columns_that_nobody_fills_are_not_kept():
    bare = [ClipEntry('ab.mp4', 0), ClipEntry('ü.mp4', 1)]
    table = table_of(portion(bare))
    assert table == bare
    assert table.starts is None
    assert table.ends is None
    assert table.audio_paths is None
    assert table.confidences is None
    assert table.nbytes == table_of(portion(bare, False, False)).nbytes
    # The bytes of the paths, 16 per row, and where the first path begins.
    assert table.nbytes == len('ab.mp4ü.mp4'.encode()) + 2 * 16 + 8


def test_nothing_at_all():
    table = table_of()
    assert len(table) == 0
    assert table == []


def test_rows_are_found_by_their_path(monkeypatch):
    monkeypatch.setattr('mmavssl.datasets.clip_table.AT_A_TIME', 2)
    names = ['b.mp4', 'ü.mp4', 'ab.mp4', 'a.mp4', 'ü.mp4']
    paths = table_of(portion([ClipEntry(name) for name in names])).paths
    assert paths.find({'ü.mp4', 'a.mp4', 'mp4'}) == [1, 3, 4]
    assert paths.find(()) == []


def test_paths_that_may_have_a_shorter_spelling(monkeypatch):
    names = ['a.mp4', './a', 'b/../a', 'x//y', '/abs/a.mp4', 'b/.hidden', 'ü/./a', 'z..mp4', 'a.']
    paths = table_of(portion([ClipEntry(name) for name in names])).paths
    for size in (2**16, 2, 1):
        monkeypatch.setattr('mmavssl.datasets.clip_table.AT_A_TIME', size)
        assert [names[row] for row in paths.find_dotted()] == [
            './a', 'b/../a', 'x//y', 'b/.hidden', 'ü/./a',
        ]  # fmt: skip
    assert table_of().paths.find_dotted() == []
