"""Where tensors are, and may be."""

import torch
from torch import Tensor

from mmavssl.utils.errors import ConfigError


def is_far(value: Tensor) -> bool:
    """Whether reading a tensor means to wait until a device has done all that it was told."""
    return value.device.type != 'cpu'


def available_device(name: str) -> torch.device:
    """Return a device that a command names, if this machine has it.

    Args:
        name: as torch has it: ``cpu``, ``cuda``, ``cuda:1``.

    Raises:
        ConfigError: there is no such device, or torch was built without it.
    """
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:  # the second where torch is built without it
        reason = str(error).splitlines()[0].partition('. ')[0].rstrip('.')
        if reason.startswith('Expected one of'):  # and a dozen names that few have heard of
            reason = 'there is no such kind of device'
        raise ConfigError(
            f'device {name!r}: {reason}. Take cpu, cuda or cuda:1, or see what `python -m mmavssl '
            'info` says of GPUs.'
        ) from error
    return device
