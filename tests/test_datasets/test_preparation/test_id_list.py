import pytest

from mmavssl.datasets.preparation.id_list import IdList, read_ids
from mmavssl.utils import DataError


def test_first_column_each_id_once(tmp_path):
    path = tmp_path / 'flickr_test.csv'
    path.write_bytes(b'10000130166,202\r\n10007936344,0\r\n\r\n 10000130166 ,7\r\n')
    assert read_ids(path) == IdList('flickr_test', ['10000130166', '10007936344'], repeats=1)


def test_spellings_of_one_id(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('A\na\nb\n')
    assert read_ids(path, str.lower) == IdList('list', ['a', 'b'], repeats=1)


def test_no_list(tmp_path):
    with pytest.raises(DataError, match=r'absent\.txt is not a file'):
        read_ids(tmp_path / 'absent.txt')
    (tmp_path / 'empty.txt').write_text('\n')
    with pytest.raises(DataError, match=r'empty\.txt names no id'):
        read_ids(tmp_path / 'empty.txt')
