"""Show a threshold the predictions of all ranks."""

import torch
from torch import Tensor, nn

from mmavssl.utils.distributed import gather


def observe(threshold: nn.Module, probs: Tensor, sample_idx: Tensor) -> None:
    """Update a threshold by the predictions of all ranks, so that all ranks have the same state.

    Those that are not finite are left out: a class-wise mean with one NaN would never recover.

    Args:
        threshold: gets ``update``.
        probs: (U, C) of this rank; as many on each.
        sample_idx: (U,) of this rank.
    """
    probs, sample_idx = gather(probs), gather(sample_idx)
    usable = torch.isfinite(probs).all(dim=-1)
    if not usable.all():
        probs, sample_idx = probs[usable], sample_idx[usable]
    if len(probs):
        threshold.update(probs, sample_idx)
