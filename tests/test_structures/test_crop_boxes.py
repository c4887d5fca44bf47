import numpy as np
import pytest
import torch

from mmavssl.structures.crop_boxes import box_area, boxes_in_crops, cell_coverage

BOXES = np.array([[0, 0, 10, 20], [10, 20, 30, 40], [40, 0, 50, 10]], np.float32)


def test_boxes_follow_crops_and_flips():
    inds = np.array([[0, 1], [2, 2]])
    crops = np.array([[0, 0, 40, 40], [10, 20, 30, 40], [0, 0, 40, 40], [30, 0, 50, 20]])
    placed = boxes_in_crops(BOXES, inds, crops)
    assert placed.shape == (4, 2, 4)
    assert placed[0].tolist() == [[0, 0, 0.25, 0.5], [0.25, 0.5, 0.75, 1]]
    assert placed[1].tolist() == [[-0.5, -1, 0, 0], [0, 0, 1, 1]]
    assert placed[2, 0].tolist() == [1, 0, 1.25, 0.25]
    assert placed[3, 1].tolist() == [0.5, 0, 1, 0.5]
    mirrored = boxes_in_crops(BOXES, inds, crops, flip=True)
    assert mirrored[0, 0].tolist() == [0.75, 0, 1, 0.5]
    assert mirrored[2, 0].tolist() == [-0.25, 0, 0, 0.25]
    torch.testing.assert_close(box_area(mirrored), box_area(placed))


@pytest.mark.parametrize('grid', [(4, 4), (3, 7)])
def test_coverage_equals_counting_points(grid):
    rng = np.random.default_rng(0)
    low = rng.uniform(-0.2, 0.8, (5, 2))
    boxes = np.concatenate([low, low + rng.uniform(0, 0.7, (5, 2))], axis=1)
    coverage = cell_coverage(torch.from_numpy(boxes), grid)
    assert coverage.shape == (5, *grid)
    steps = (np.arange(200) + 0.5) / 200
    for box, cells in zip(boxes, coverage.numpy(), strict=True):
        for row in range(grid[0]):
            for column in range(grid[1]):
                y, x = (row + steps) / grid[0], (column + steps) / grid[1]
                inside = ((y > box[1]) & (y < box[3])).mean() * (
                    (x > box[0]) & (x < box[2])
                ).mean()
                assert cells[row, column] == pytest.approx(inside, abs=0.02)
