"""What browsing, prediction and replays do with samples is what the data loader does."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from mmavssl.apis.batches import Batches
from mmavssl.apis.inferencer import AVActionInferencer
from mmavssl.apis.sample_tap import DrawnClip
from mmavssl.datasets import semi_supervised_collate
from mmavssl.structures import AVDataSample, DrawIndex


def repeated(samples, times):
    return [sample for sample in samples for _ in range(times)]


def collated_by_browse(loader):
    return Batches(None, loader, training=True).collate([1, 2])


def collated_by_inferencer(loader):
    return AVActionInferencer._init_collate(None, Config(dict(test_dataloader=loader)))([1, 2])[0]


@pytest.mark.parametrize('collated', [collated_by_browse, collated_by_inferencer])
@pytest.mark.parametrize(
    ('loader', 'batch'),
    [({'collate_fn': dict(type=repeated, times=2)}, [1, 1, 2, 2]), ({}, [1, 2])],
)
def test_collate_function_of_the_config(collated, loader, batch):
    assert list(collated(loader)) == batch


def test_source_of_a_training_batch():
    def clip(place):
        sample = AVDataSample(metainfo=dict(source='unlabeled', sample_idx=place))
        views = {'weak': {'video': torch.full((3, 1, 2, 2), float(place))}}
        return DrawnClip(DrawIndex(place), {'inputs': views, 'data_samples': sample}, {})

    front = SimpleNamespace(preprocessor=lambda batch, training: batch)
    batches = Batches(front, {'collate_fn': dict(type=semi_supervised_collate)}, training=True)
    views = list(batches.views([clip(0), clip(1)]))
    assert batches.source == 'unlabeled'
    assert [float(view['weak']['video'].mean()) for view in views] == [0.0, 1.0]
