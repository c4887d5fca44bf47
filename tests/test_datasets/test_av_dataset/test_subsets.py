import numpy as np
import pytest
from mmengine.dataset import BaseDataset

from tests.test_datasets.test_av_dataset.toys import Skip, clips_in, make


@pytest.mark.parametrize(
    ('indices', 'expected'),
    [
        (3, [0, 1, 2]),
        (-3, [7, 8, 9]),
        (0, []),
        ([4, -1, 4], [4, 9, 4]),
        (np.array([9, 0]), [9, 0]),
        (range(2, 5), [2, 3, 4]),
        ([], []),
    ],
)
def test_subsets(root, indices, expected):
    dataset = make(root)
    subset = dataset.get_subset(indices)
    assert clips_in(subset) == expected
    assert clips_in(make(root, indices=indices)) == expected
    assert len(subset.skipped.marks) == len(expected)
    assert subset.data_list.table is dataset.data_list.table
    assert clips_in(subset.get_subset(-1)) == expected[-1:]
    dataset.get_subset_(indices)
    assert clips_in(dataset) == expected


@pytest.mark.parametrize('indices', [2.5, None, {1, 2}])
def test_bad_subset(root, indices):
    with pytest.raises(TypeError, match='int or sequence of int'):
        make(root).get_subset(indices)
    with pytest.raises(IndexError):
        make(root).get_subset([10])


def test_subset_counts_for_itself(root):
    dataset = make(root, pipeline=[Skip('3.mp4')])
    dataset[3]
    subset = dataset.get_subset([3, 4])
    assert len(subset.skipped) == 0
    subset[0]
    assert subset.skipped.marks.tolist() == [True, False]
    assert len(dataset.skipped) == 1
    assert len(dataset.get_subset([3, 4]).skipped) == 0


def test_subsets_remember_no_objects_for_the_next_ones(root):
    (kept_by_mmengine,) = BaseDataset._copy_without_annotation.__defaults__
    before = len(kept_by_mmengine)
    dataset = make(root)
    first = dataset.get_subset(3)
    assert len(kept_by_mmengine) == before
    assert first.pipeline is not dataset.pipeline
