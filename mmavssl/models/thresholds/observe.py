"""Show a threshold the predictions of all ranks."""

import torch
from torch import Tensor, nn

from mmavssl.utils.distributed import gather


@torch.no_grad()
def observe(threshold: nn.Module, probs: Tensor, sample_idx: Tensor) -> None:
    """Update a threshold by the predictions of all ranks, so that all ranks have the same state.

    Where one of them is not finite, the state stays as it was: a class-wise mean with one NaN
    would never recover. Nothing waits for the device.

    Args:
        threshold: gets ``update``; its state is in buffers.
        probs: (U, C) of this rank; as many on each.
        sample_idx: (U,) of this rank.
    """
    probs, sample_idx = gather(probs), gather(sample_idx)
    before = {name: buffer.clone() for name, buffer in threshold.named_buffers()}
    threshold.update(probs, sample_idx)
    is_finite = torch.isfinite(probs).all()
    for name, buffer in threshold.named_buffers():
        buffer.copy_(torch.where(is_finite, buffer, before[name]))
