import numpy as np
import pytest

from mmavssl.datasets import clip_table_builder
from mmavssl.datasets.clip_table_builder import ClipPortion, ClipTableBuilder


def first_repeat(paths, starts=None, ends=None, size=3):
    builder = ClipTableBuilder()
    for i in range(0, len(paths), size):
        part = slice(i, i + size)
        lines = np.arange(len(paths[part]))
        builder.add(
            ClipPortion(
                paths[part],
                np.zeros(len(lines)),
                lines,
                None if starts is None else np.array(starts[part]),
                None if ends is None else np.array(ends[part]),
            )
        )
    return builder.first_repeat(builder.build())


@pytest.fixture(params=[False, True])
def _hashes(request, monkeypatch):
    """With good hashes, and with those that are alike for different clips."""
    if request.param:
        monkeypatch.setattr(clip_table_builder, 'hash', lambda path: len(path), raising=False)


@pytest.mark.usefixtures('_hashes')
def test_first_repeat():
    assert first_repeat(['a', 'b', 'c', 'd', 'ab']) is None
    assert first_repeat(['a', 'b', 'c', 'b', 'a']) == (1, 3)
    assert first_repeat(['a', 'b', 'c', 'd', 'a', 'a']) == (0, 4)


@pytest.mark.usefixtures('_hashes')
def test_parts_of_a_file_are_different_clips():
    nan = np.nan
    assert first_repeat(['a'] * 4, [0.0, 1.0, nan, 2.0], [1.0, 2.0, nan, nan]) is None
    assert first_repeat(['a'] * 4, [0.0, 1.0, nan, 1.0], [1.0, 2.0, nan, 2.0]) == (1, 3)
    assert first_repeat(['a'] * 3, [nan] * 3, [nan, 1.0, nan]) == (0, 2)
    assert first_repeat(['a'] * 2, [0.0, 1.0], [1.0, 0.0]) is None
