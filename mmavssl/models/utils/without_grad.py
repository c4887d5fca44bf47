"""Passes of a network that nobody differentiates."""

from contextlib import AbstractContextManager

import torch
from torch import nn
from torch.distributed.tensor import DTensor


def without_grad(network: nn.Module) -> AbstractContextManager:
    """Return the cheapest mode for a forward pass without gradients.

    That is inference mode, unless the network is divided over processes (FSDP): PyTorch keeps the
    memory in which it gathers parameters, and what is made in inference mode cannot be used
    outside of it, as in validation.
    """
    is_divided = any(isinstance(parameter, DTensor) for parameter in network.parameters())
    return torch.no_grad() if is_divided else torch.inference_mode()
