"""Look for gradients that are not finite where each process has a part of them."""

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer

from mmavssl.engine.hooks.non_finite_guard import NonFiniteGuardHook, gradients_are_finite
from mmavssl.registry import HOOKS


@HOOKS.register_module()
class ShardGuardHook(NonFiniteGuardHook):
    """`NonFiniteGuardHook` for divided networks; a step is skipped in all processes or in none.

    Args:
        limit: skipped steps of a run that are let pass.
    """

    def _look(self, optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        params = [
            param
            for group in optimizer.param_groups
            for param in group['params']
            if param.grad is not None
        ]
        if params and not gradients_are_finite(parts_of([param.grad for param in params])):
            self.is_bad = True
            for param in params:
                param.grad = None


def parts_of(grads: list[Tensor]) -> list[Tensor]:
    """Return what this process has of gradients: at least one number."""
    parts = [grad.to_local() if isinstance(grad, DTensor) else grad for grad in grads]
    # Of a small parameter some processes have nothing.
    return [part for part in parts if part.numel()] or [torch.zeros(1, device=parts[0].device)]
