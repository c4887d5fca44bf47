"""Whether numbers are finite, on all ranks, without waiting for the device."""

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer


def any_bad(values: list[Tensor]) -> Tensor:
    """Return a scalar, 1 if any number is not finite on any rank, else 0.

    Args:
        values: tensors, of which each rank may hold but a part (FSDP).
    """
    parts = parts_of(values)
    largest = torch.stack([norm.float() for norm in torch._foreach_norm(parts, float('inf'))])
    bad = (~torch.isfinite(largest).all()).float()
    if get_world_size() > 1:
        all_reduce(bad, op='max')
    return bad


def parts_of(values: list[Tensor]) -> list[Tensor]:
    """Return what this process has of tensors: at least one number."""
    parts = [value.to_local() if isinstance(value, DTensor) else value for value in values]
    # Of a small parameter some processes have nothing.
    return [part for part in parts if part.numel()] or [torch.zeros(1, device=parts[0].device)]


def skips_on_device(optimizer: Optimizer, params: list[Tensor]) -> bool:
    """Whether an optimizer leaves all as it is where its ``found_inf`` is 1, as fused ones do.

    PyTorch has it for loss scales: the kernel itself looks, and the host need not wait. Not before
    each parameter has its state: that of a first step which is skipped would remain as it was
    allocated, without any value.
    """
    is_fused = all(group.get('fused') for group in optimizer.param_groups)
    divided = any(isinstance(param, DTensor) for param in params)
    return is_fused and not divided and all(has_state(optimizer, param) for param in params)


def has_state(optimizer: Optimizer, param: Tensor) -> bool:
    """Whether an optimizer has a state of a parameter."""
    return any(torch.is_tensor(value) for value in optimizer.state.get(param, {}).values())
