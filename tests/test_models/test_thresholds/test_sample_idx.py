"""Thresholds with a memory: each clip of the pool has a number of its own below its size."""

import pytest
import torch
from mmengine.dataset import ConcatDataset, RepeatDataset

from mmavssl.datasets import AVDataset, SemiSupervisedDataset
from mmavssl.models.thresholds import FlexThreshold
from mmavssl.utils.errors import ConfigError


@pytest.fixture
def make(tmp_path):
    (tmp_path / 'classes.txt').write_text('run\njump\n')
    (tmp_path / 'list.csv').write_text('path,label\na.mp4,0\nb.mp4,1\nc.mp4,0\n')

    def build(source='unlabeled', **kwargs):
        return AVDataset('list.csv', data_root=str(tmp_path), source=source, **kwargs)

    return build


@pytest.mark.parametrize('indices', [None, 2, [2, 0]])
def test_memory_has_a_place_for_each_clip(make, indices):
    """Also where a part of a list is the pool: its clips are numbered anew."""
    data = SemiSupervisedDataset(make('labeled'), make(indices=indices))
    size = len(data.unlabeled)
    numbers = torch.tensor([data[3 + index]['sample_idx'] for index in range(size)])
    threshold = FlexThreshold(0.5)
    threshold.setup(size, num_classes=2)
    threshold.update(torch.tensor([[0.9, 0.1]]).expand(size, 2), numbers)
    assert threshold.memory.tolist() == [0] * size


@pytest.mark.parametrize(
    'several',
    [lambda data: ConcatDataset([data, data]), lambda data: RepeatDataset(data, 2)],
    ids=['joined', 'repeated'],
)
def test_pool_whose_clips_would_share_numbers_is_an_error(make, several):
    """MMEngine's `ConcatDataset` counts within each of its parts: memories would mix clips up."""
    with pytest.raises(ConfigError, match=r'unlabeled data set is a \w+Dataset, .* one list'):
        SemiSupervisedDataset(make('labeled'), several(make()))
