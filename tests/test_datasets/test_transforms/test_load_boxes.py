import numpy as np
import pytest
import torch

from mmavssl.datasets.transforms import Flip, LoadBoxes, PackAVInputs, RandomScaleCrop
from mmavssl.utils.errors import DataError


@pytest.fixture
def boxes_file(tmp_path):
    """A white box of 8 x 6 pixels in frames of 40 x 40 that moves right by 2 pixels a frame."""
    x = 2.0 * np.arange(10)
    np.savez(tmp_path / 'b.npz', clip=np.stack([x, x * 0 + 10, x + 8, x * 0 + 16], axis=1))
    return str(tmp_path / 'b.npz')


def clip(inds):
    frames = np.zeros((len(inds), 40, 40, 3), np.uint8)
    for frame, number in zip(frames, inds, strict=True):
        frame[10:16, 2 * number : 2 * number + 8] = 255
    return {
        'video_path': 'videos/clip.mp4', 'imgs': frames, 'frame_inds': np.array([inds]),
        'source': 'unlabeled', 'sample_idx': 0,
    }  # fmt: skip


@pytest.mark.parametrize('flip', [0.0, 1.0])
def test_boxes_are_where_the_white_is(boxes_file, flip):
    np.random.seed(0)
    results = clip([3, 5, 8])
    for transform in (
        RandomScaleCrop(scale=(44, 50), size=40), Flip(flip), LoadBoxes(boxes_file),
    ):  # fmt: skip
        results = transform(results)
    assert results['boxes'].shape == (1, 3, 4)
    for image, box in zip(results['imgs'], results['boxes'][0], strict=True):
        rows, columns = np.where(image[..., 0] > 127)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(seen, (box.clamp(0, 1) * 40).numpy(), atol=1.01)


def test_boxes_are_packed(boxes_file):
    results = clip([1, 2])
    results['crop_box'] = np.array([[0, 0, 40, 40]])
    packed = PackAVInputs()(LoadBoxes(boxes_file)(results))
    expected = torch.tensor([[2, 10, 10, 16], [4, 10, 12, 16]]) / 40
    torch.testing.assert_close(packed['inputs']['boxes'][0], expected)


def test_what_is_missing_is_named(boxes_file):
    with pytest.raises(DataError, match='after a crop'):
        LoadBoxes(boxes_file)(clip([0]))
    other = {**clip([0]), 'video_path': 'other.mp4', 'crop_box': np.array([[0, 0, 40, 40]])}
    with pytest.raises(DataError, match=r"b\.npz has no boxes of 'other'"):
        LoadBoxes(boxes_file)(other)
    with pytest.raises(DataError, match=r'no box file nowhere\.npz'):
        LoadBoxes('nowhere.npz')
