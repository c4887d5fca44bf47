import numpy as np
import pytest

from mmavssl.datasets.list_parser import NO_LABEL, STRAY, LabelIndex, RowError, RowParser
from mmavssl.datasets.list_rows import CsvRows
from mmavssl.utils import DataError

CLASSES = ('run', 'jump', 'sit')


def test_labels():
    labels = LabelIndex(CLASSES, names_allowed=True)
    texts = ['0', ' 2 ', 'jump', '', ' ', '3', '-1', '1']
    expected = [0, 2, 1, NO_LABEL, NO_LABEL, STRAY, STRAY, 1]
    for _ in range(2):
        assert [labels[text] for text in texts] == expected
    with pytest.raises(RowError, match="a name of the classes file, but got 'fly'"):
        labels['fly']
    with pytest.raises(RowError, match=r"after the last space .*, but got 'run'"):
        LabelIndex(CLASSES, names_allowed=False)['run']


@pytest.mark.parametrize(
    ('texts', 'expected'),
    [
        ('123', True),
        ('3', True),
        ('0123', False),
        ('1234', False),
        ('12', False),
        ('4', False),
    ],
)
def test_labels_that_count_from_one(texts, expected):
    labels = LabelIndex(CLASSES, names_allowed=True)
    for text in texts:
        labels[text]
    assert labels.count_from_one() is expected


def test_strays_take_no_memory():
    labels = LabelIndex(CLASSES, names_allowed=True)
    assert {labels[str(number)] for number in range(3, 1000)} == {STRAY}
    assert len(labels) == 0
    assert labels.strays == [3, 4]


def test_columns():
    rows = CsvRows('list.csv', iter(['end,path,label,start\n']))
    parser = RowParser('list.csv', rows, LabelIndex(CLASSES, names_allowed=True))
    part = parser.parse([['3', 'a', '', '-0'], ['', 'b', 'sit', '']], np.array([2, 3]))
    assert part.paths == ['a', 'b']
    assert part.labels.tolist() == [NO_LABEL, 2]
    assert part.lines.tolist() == [2, 3]
    np.testing.assert_array_equal(part.starts, [0, np.nan])
    assert not np.signbit(part.starts[0])
    np.testing.assert_array_equal(part.ends, [3, np.nan])
    assert part.audio_paths is None


def test_the_first_row_with_a_fault_is_told():
    rows = CsvRows('list.csv', iter(['path,label,end\n']))
    parser = RowParser('list.csv', rows, LabelIndex(CLASSES, names_allowed=True))
    good, label, end, short = ['a', '0', '1'], ['b', 'fly', '1'], ['c', '0', 'x'], ['d']
    for faulty, message in ((label, "'fly'"), (end, "'x'"), (short, 'each column')):
        for later in (label, end, short):
            with pytest.raises(DataError, match=rf'^list\.csv:8: .*{message}'):
                parser.parse([good, faulty, later], np.array([5, 8, 9]))
