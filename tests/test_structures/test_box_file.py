import numpy as np
import pytest

from mmavssl.structures.box_file import load_boxes, save_boxes
from mmavssl.utils.errors import DataError


def test_round_trip(tmp_path):
    boxes = {'a_0000': np.arange(8.0).reshape(2, 4), 'b_0000': np.ones((3, 4))}
    save_boxes(tmp_path / 'boxes_train.npz', boxes)
    loaded = load_boxes(tmp_path / 'boxes_train.npz')
    assert list(loaded) == ['a_0000', 'b_0000']
    for name, array in boxes.items():
        assert loaded[name].dtype == np.float32
        np.testing.assert_array_equal(loaded[name], array)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r'boxes_val\.npz'):
        load_boxes(tmp_path / 'boxes_val.npz')
