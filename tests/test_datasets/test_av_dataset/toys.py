"""Data sets whose pipelines draw, or skip clips, and read no file."""

import random
from pathlib import Path

import numpy as np
import torch

from mmavssl.datasets import AVDataset
from mmavssl.registry import TRANSFORMS


@TRANSFORMS.register_module(name='DatasetTestDraws', force=True)
class Draws:
    """Keep the results and draw from every generator that a transform may use."""

    def __call__(self, results):
        results['draws'] = (random.random(), np.random.rand(), torch.rand(1).item())
        return results


class Skip:
    """Skip the files whose name ends so."""

    def __init__(self, *endings):
        self.endings = endings

    def __call__(self, results):
        return None if results['video_path'].endswith(self.endings) else results


def make(root, ann_file='train.csv', pipeline=({'type': 'DatasetTestDraws'},), **kwargs):
    return AVDataset(ann_file=ann_file, data_root=str(root), pipeline=list(pipeline), **kwargs)


def clips_in(dataset):
    return [int(Path(sample['video_path']).stem) for sample in dataset]
