"""Exponential moving average of one network into another."""

import torch
from torch import nn


@torch.no_grad()
def ema_update(teacher: nn.Module, student: nn.Module, momentum: float) -> None:
    """Move ``teacher`` towards ``student``: ``t <- (1 - momentum) * t + momentum * s``.

    One fused operation over all parameters; buffers (counters, running statistics) are copied.

    Args:
        teacher: network of the same structure, changed in place.
        student: network to follow.
        momentum: 1 - decay, in [0, 1]; 0.01 is what SSL papers call a decay of 0.99.

    Raises:
        ValueError: momentum outside [0, 1].
    """
    if not 0 <= momentum <= 1:
        raise ValueError(
            f'Expected `momentum` (= 1 - decay) to be in [0, 1], but got {momentum!r}.'
        )
    torch._foreach_lerp_(list(teacher.parameters()), list(student.parameters()), momentum)
    for target, source in zip(teacher.buffers(), student.buffers(), strict=True):
        target.copy_(source)


@torch.no_grad()
def copy_state(target: nn.Module, source: nn.Module) -> None:
    """Make parameters and buffers of ``target`` equal to those of ``source``."""
    target.load_state_dict(source.state_dict())
