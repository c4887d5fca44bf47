import numpy as np
import pytest

from mmavssl.datasets.clip_table_builder import ClipPortion, ClipTableBuilder
from mmavssl.datasets.shards.packing_order import PackingOrder


def table(paths, starts=None):
    builder = ClipTableBuilder()
    numbers = np.arange(len(paths))
    starts = None if starts is None else np.array(starts, np.float64)
    builder.add(ClipPortion(paths, numbers * 0, numbers, starts, starts))
    return builder.build()


@pytest.mark.parametrize('seed', [None, 0, 1])
def test_rows_of_a_file_stay_together(seed):
    paths = ['a', 'b', 'a', 'c', 'b', 'a']
    order = PackingOrder(table(paths, range(6)), seed)
    files = [order.rows_of(number).tolist() for number in range(len(order))]
    assert sorted(files) == [[0, 2, 5], [1, 4], [3]]
    assert order.rows.tolist() == [row for rows in files for row in rows]
    if seed is None:
        assert files == [[0, 2, 5], [1, 4], [3]]


def test_order_follows_from_the_seed():
    clips = table([str(n) for n in range(100)])
    rows = PackingOrder(clips, 0).rows
    assert sorted(rows.tolist()) == list(range(100))
    assert rows.tolist() == PackingOrder(clips, 0).rows.tolist() != list(range(100))
    assert rows.tolist() != PackingOrder(clips, 1).rows.tolist()
    assert PackingOrder(clips, None).rows.tolist() == list(range(100))
    assert [len(PackingOrder(clips, 0).rows_of(n)) for n in range(100)] == [1] * 100
