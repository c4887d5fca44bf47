"""The layout of pictures that convolutions are fast with."""

import torch
from torch import Tensor


def fast_layout(frames: Tensor) -> Tensor:
    """Return pictures (N, C, H, W) with their channels last, where no gradient will be asked for.

    So are networks that only predict: a frozen localizer, a teacher, a test
    (benchmarks/channels.py). With gradients there is little to win on a CPU, and oneDNN as of
    PyTorch 2.11 crashes in the backward pass of some strided 1 x 1 convolutions (8 to 16
    channels, 6 x 56 x 56) of this layout.
    """
    if torch.is_grad_enabled():
        return frames
    return frames.contiguous(memory_format=torch.channels_last)
