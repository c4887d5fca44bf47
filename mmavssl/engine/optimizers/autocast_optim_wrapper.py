"""Mixed precision with bfloat16, which needs no loss scale, on any device."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import nn

from mmavssl.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Run forward passes under bfloat16 autocast; weights and optimizer state stay float32.

    bfloat16 has the range of float32: gradients neither overflow nor vanish, so that there is no
    loss scale to find and nothing to wait for in a step. MMEngine's ``AmpOptimWrapper`` is for
    float16, keeps a loss scale for every type, and needs a GPU.

    Args:
        kwargs: those of MMEngine's ``OptimWrapper``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Cast what gains from it in the forward pass; gradients accumulate as always.

        Casts of weights are not kept from one pass to the next: a pass without gradients would
        leave some that the next one takes, and weights get none (before PyTorch 2.11).
        """
        device = torch.device(get_device()).type
        casting = torch.autocast(device, torch.bfloat16, cache_enabled=False)
        with super().optim_context(model), casting:
            yield
