"""How to look at what a component gives: is it the tensor that was asked for, and what is it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mmavssl.utils.device import is_far

KINDS: dict[str, Callable[[torch.dtype], bool]] = {
    'bool': lambda dtype: dtype == torch.bool,
    'long': lambda dtype: dtype == torch.long,
    'float': lambda dtype: dtype.is_floating_point,
}


def describe(value: Any) -> str:
    """Return what a value is, in a few words.

    >>> describe(torch.zeros(2, 1)), describe(0.5), describe(None)
    ('float32 (2, 1)', 'a float', 'None')
    """
    if isinstance(value, Tensor):
        return f'{str(value.dtype).removeprefix("torch.")} {tuple(value.shape)}'
    return 'None' if value is None else f'a {type(value).__name__}'


def misfit(value: Any, kind: str, shape: tuple[int, ...], device: torch.device) -> str:
    """Return what a value is, where it is not the tensor that it should be; '' where it is.

    Values are not read, so that nothing waits for a device.

    Args:
        value: what was given.
        kind: ``bool``, ``long``, or ``float`` of any precision.
        shape: of the tensor.
        device: of the tensor.

    >>> misfit(torch.zeros(2, 1), 'float', (2,), torch.device('cpu'))
    'float32 (2, 1)'
    >>> misfit(torch.zeros(2), 'float', (2,), torch.device('cpu'))
    ''
    """
    if not isinstance(value, Tensor) or value.shape != shape or not KINDS[kind](value.dtype):
        return describe(value)
    return '' if value.device == device else f'on {value.device}'


def may_read(component: nn.Module, value: Tensor) -> bool:
    """Whether to look at values now: always on the CPU, elsewhere in the first call alone.

    Reading waits for the device, and cannot be compiled.

    Args:
        component: notes that it was asked.
        value: to be read.
    """
    if value.is_meta or torch.compiler.is_compiling():
        return False
    is_first = not getattr(component, '_was_read', False)
    component._was_read = True
    return is_first or not is_far(value)
