"""Precision in which losses are computed."""

from torch import Tensor, float64


def full_precision(values: Tensor) -> Tensor:
    """Return half-precision numbers as float32, float32 and float64 ones as they are.

    A plain ``.float()`` would round a network in float64 to float32 where its loss begins.

    >>> import torch
    >>> [full_precision(torch.zeros((), dtype=kind)).dtype for kind in (torch.half, torch.double)]
    [torch.float32, torch.float64]
    """
    return values if values.dtype == float64 else values.float()
