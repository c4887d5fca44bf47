"""A control: sounds come from the middle."""

import torch
from torch import Tensor, nn

from mmavssl.registry import LOCALIZERS
from mmavssl.utils.ranges import check_counts, check_range


@LOCALIZERS.register_module()
class CenterPrior(nn.Module):
    """A Gaussian around the middle of every frame, whatever is seen and heard.

    The control that a localizer has to beat: people hold cameras at what sounds. As with other
    localizers, `ASLGuided` draws uniformly where a clip is silent or a frame has one colour.

    Args:
        size: rows and columns of the map.
        sigma: standard deviation, in shares of the frame's side.

    Raises:
        ValueError: ``size`` or ``sigma`` is not positive.
    """

    def __init__(self, size: int = 14, sigma: float = 0.25) -> None:
        super().__init__()
        check_counts(size=size)
        check_range('sigma', sigma, above=0)
        distance = (torch.arange(size) + 0.5) / size - 0.5
        line = torch.exp(-0.5 * (distance / sigma) ** 2)
        self.register_buffer('prior', line[:, None] * line, persistent=False)

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """Return the same map (B, T, size, size) for all frames (B, T, 3, H, W)."""
        return self.prior.expand(*frames.shape[:2], *self.prior.shape)
