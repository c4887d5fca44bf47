import pytest

from mmavssl.datasets import list_rows
from mmavssl.datasets.list_rows import open_rows
from mmavssl.utils import DataError


@pytest.fixture(params=[1, 2, 3, 512])
def read(request, tmp_path, monkeypatch):
    monkeypatch.setattr(list_rows, 'PORTION', request.param)

    def read(text):
        path = tmp_path / 'list.csv'
        path.write_bytes(text.encode())
        with open_rows(path) as rows:
            portions = [(list(map(list, part)), lines.tolist()) for part, lines in rows]
            assert all(0 < len(part) == len(lines) <= request.param for part, lines in portions)
            found = [pair for part in portions for pair in zip(*part, strict=True)]
            return list(rows.columns), found

    return read


def test_line_numbers(read):
    columns, rows = read('path,label\na,0\n\n\n"b\nb",1\n"c\n\nc","\n"\nd,3\n')
    assert columns == ['path', 'label']
    # Of the last line of a row, as the csv module has it.
    assert rows == [
        (['a', '0'], 2),
        (['b\nb', '1'], 6),
        (['c\n\nc', '\n'], 10),
        (['d', '3'], 11),
    ]


def test_lines_of_a_text_list(read):
    assert read('\na b 0\n \n\nc 1') == (['path', 'label'], [(['a b', '0'], 2), (['c', '1'], 5)])
    assert read('\n\n \n') == (['path', 'label'], [])


@pytest.mark.parametrize('newline', ['\n', '\r\n', '\r'])
def test_line_ends(read, newline):
    assert read(newline.join(['\ufeffpath', 'a', 'b'])) == (['path'], [(['a'], 2), (['b'], 3)])


def test_rows_before_quotes_that_do_not_match(tmp_path):
    path = tmp_path / 'list.csv'
    path.write_text('path,label\na,0\n\n"b,1\nc,2\n')
    with open_rows(path) as rows:
        portions = iter(rows)
        assert next(portions)[0] == [['a', '0']]
        with pytest.raises(DataError, match=r'list\.csv:4: .* Check the quotes'):
            next(portions)


def test_quotes_of_the_header(tmp_path):
    path = tmp_path / 'list.csv'
    path.write_text('path,"label\na,0\n')
    with pytest.raises(DataError, match=r'list\.csv:1: .* Check the quotes'), open_rows(path):
        pass


def test_place_of_what_is_not_text(tmp_path):
    path = tmp_path / 'list.csv'
    path.write_bytes(b'path\n' + b'abcdefgh\n' * 5000 + b'\xfc\n')
    message = r'0xfc in position 45005.* Save it as UTF-8'
    with pytest.raises(DataError, match=message), open_rows(path) as rows:
        list(rows)
