"""Running statistics of batch norms, put back where a step was skipped."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase


class KeptStatistics:
    """What the batch norms that learn had before the forward passes of a step.

    Args:
        model: whose batch norms; frozen ones are in eval mode and change nothing.
    """

    def __init__(self, model: nn.Module) -> None:
        self.buffers = [
            buffer
            for module in model.modules()
            if isinstance(module, _NormBase) and module.training
            for buffer in module.buffers(recurse=False)
        ]
        self.values = [buffer.clone() for buffer in self.buffers]

    @torch.no_grad()
    def put_back_if(self, bad: Tensor) -> None:
        """Put the statistics back if ``bad``, a scalar on the device, is not 0."""
        for buffer, value in zip(self.buffers, self.values, strict=True):
            buffer.copy_(torch.where(bad > 0, value, buffer))
