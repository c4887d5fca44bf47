import pytest
import torch

from mmavssl.structures.box_lists import format_box_lists, load_box_lists
from mmavssl.utils.errors import DataError


def test_boxes_are_read_as_they_were_written(tmp_path):
    boxes = {'b': [[0.1, 0.30000000000000004, 1.2, 1]], 'a': [[0, 0, 0.5, 0.5], [0.2] * 4]}
    path = tmp_path / 'boxes.json'
    path.write_text(format_box_lists(boxes))
    read = load_box_lists(path)
    assert list(read) == ['a', 'b']
    for name, rows in boxes.items():
        assert torch.equal(read[name], torch.tensor(rows, dtype=torch.double))


def test_no_file(tmp_path):
    with pytest.raises(DataError, match=r'no box file .*absent\.json.*prepare_vggss\.py'):
        load_box_lists(tmp_path / 'absent.json')


@pytest.mark.parametrize(
    'text',
    [
        '{',
        '[]',
        '{"a": []}',
        '{"a": [[0, 0, 1]]}',
        '{"a": [["x", 0, 1, 1]]}',
        '{"a": [0, 0, 1, 1]}',
        '{"a": [[NaN, 0, 1, 1]]}',
    ],
)
def test_other_content(tmp_path, text):
    (tmp_path / 'boxes.json').write_text(text)
    with pytest.raises(DataError, match=r'boxes\.json is no box file \('):
        load_box_lists(tmp_path / 'boxes.json')
