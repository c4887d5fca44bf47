"""A gradient that is not finite in the part of one rank."""

import torch
from mmengine.dist import get_rank, get_world_size
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from mmavssl.engine.hooks import NonFiniteGuardHook


def skips(bad_rank: int | None) -> list[bool]:
    """Return whether a step was found bad, and whether it was taken from all parameters.

    Args:
        bad_rank: whose part has a NaN; None: nobody's.
    """
    torch.manual_seed(0)
    layer = nn.Linear(4, 1)  # of the bias, the second rank has nothing
    fully_shard(layer, mesh=init_device_mesh('cpu', (get_world_size(),)))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    layer(torch.ones(2, 4)).sum().backward()
    if get_rank() == bad_rank:
        parts = [parameter.grad.to_local() for parameter in layer.parameters()]
        next(part for part in parts if part.numel()).fill_(float('nan'))
    guard = NonFiniteGuardHook()
    guard._look(optimizer, (), {})
    return [bool(guard.flags[0]), all(parameter.grad is None for parameter in layer.parameters())]
