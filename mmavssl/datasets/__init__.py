from mmavssl.datasets import avsprites, shards, transforms
from mmavssl.datasets.av_dataset import AVDataset
from mmavssl.datasets.collate import av_collate, semi_supervised_collate
from mmavssl.datasets.samplers import EpochSampler, RatioBatchSampler, TwoStreamSampler
from mmavssl.datasets.semi_supervised_dataset import SemiSupervisedDataset
from mmavssl.datasets.worker_init import av_worker_init_fn

__all__ = [
    'AVDataset',
    'EpochSampler',
    'RatioBatchSampler',
    'SemiSupervisedDataset',
    'TwoStreamSampler',
    'av_collate',
    'av_worker_init_fn',
    'avsprites',
    'semi_supervised_collate',
    'shards',
    'transforms',
]
