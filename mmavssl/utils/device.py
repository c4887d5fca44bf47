"""Where tensors are."""

from torch import Tensor


def is_far(value: Tensor) -> bool:
    """Whether reading a tensor means to wait until a device has done all that it was told."""
    return value.device.type != 'cpu'
