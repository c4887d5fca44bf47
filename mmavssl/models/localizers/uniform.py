"""A control: no place is likelier than another."""

import torch
from torch import Tensor, nn

from mmavssl.registry import LOCALIZERS
from mmavssl.utils.ranges import check_counts


@LOCALIZERS.register_module()
class Uniform(nn.Module):
    """A map of independent random numbers for every frame: what chance gives.

    The numbers come from torch's global generator. (A constant map would not do: a score that has
    to break ties may favour the middle.)

    Args:
        size: rows and columns of the map.

    Raises:
        ValueError: ``size`` is not positive.
    """

    def __init__(self, size: int = 14) -> None:
        super().__init__()
        check_counts(size=size)
        self.size = size

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """Return maps (B, T, size, size) in [0, 1) for frames (B, T, 3, H, W)."""
        return torch.rand(*frames.shape[:2], self.size, self.size, device=frames.device)
