"""Random clips for the product's own sampler, batches and collate function."""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader, Dataset

from mmavssl.datasets.collate import semi_supervised_collate
from mmavssl.datasets.samplers import RatioBatchSampler, TwoStreamSampler
from mmavssl.datasets.semi_supervised_dataset import SemiSupervisedDataset
from mmavssl.structures import AVDataSample, DrawIndex
from mmavssl.utils.random import stable_seed

CLASSES = tuple('abcdefgh')
RATIO = (1, 2)
FRAMES, SIDE = 2, 32  # of the clips
SOUND = (32, 32)  # frames and mel bins


class RandomClips(Dataset):
    """Clips of noise that follow from their number.

    Args:
        source: ``labeled`` or ``unlabeled``.
        size: number of clips.
        dtype: of the sound; frames are bytes.
    """

    metainfo = {'classes': CLASSES}

    def __init__(self, source: str, size: int, dtype: torch.dtype) -> None:
        self.source = source
        self.size = size
        self.dtype = dtype

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, draw: DrawIndex) -> dict:
        names = ('weak',) if self.source == 'labeled' else ('weak', 'strong')
        sample = AVDataSample(
            metainfo={
                'source': self.source,
                'sample_idx': draw.index,
                'gt_for_log': draw.index % len(CLASSES),
            }
        )
        if self.source == 'labeled':
            sample.set_gt_label(draw.index % len(CLASSES))
        inputs = {name: self._view(*draw, self.source, name) for name in names}
        return {'inputs': inputs, 'data_samples': sample}

    def _view(self, *key: int | str) -> dict[str, torch.Tensor]:
        made = torch.Generator().manual_seed(stable_seed(*key))
        # Of a large pattern and noise: noise alone looks the same to any network.
        coarse = torch.randint(200, (3, FRAMES, 2, 2), generator=made, dtype=torch.uint8)
        video = coarse.repeat_interleave(SIDE // 2, dim=2).repeat_interleave(SIDE // 2, dim=3)
        video += torch.randint(56, video.shape, generator=made, dtype=torch.uint8)
        sound = torch.randn(SOUND, generator=made) + 2 * torch.randn(SOUND[1], generator=made)
        return {'video': video, 'audio': sound.to(self.dtype)}


def make_loader(batch: int, iterations: int, dtype: torch.dtype) -> DataLoader:
    """Return the loader of this rank.

    The pool is so small that clips come again.

    Args:
        batch: clips of a rank, labeled and unlabeled together.
        iterations: of an epoch.
        dtype: of the sound.
    """
    dataset = SemiSupervisedDataset(
        RandomClips('labeled', 8, dtype), RandomClips('unlabeled', 14, dtype)
    )
    sampler = TwoStreamSampler(dataset, epoch_over=iterations)
    batches = RatioBatchSampler(sampler, batch, RATIO)
    return DataLoader(dataset, batch_sampler=batches, collate_fn=semi_supervised_collate)
