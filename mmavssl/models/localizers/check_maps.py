"""Whether a localizer has given maps."""

from typing import Any

import torch
from torch import Tensor, nn

from mmavssl.models.utils.given import describe
from mmavssl.utils.errors import ConfigError


def check_maps(
    localizer: nn.Module, maps: Any, shape: tuple[int, int], device: torch.device
) -> Tensor:
    """Return what a localizer gives, if it is a map of each frame, of whatever size and range.

    Args:
        localizer: that was asked.
        maps: that it has given.
        shape: B and T of the frames.
        device: of the frames.

    Raises:
        ConfigError: names the localizer, what was expected, and what it is.
    """
    is_map = isinstance(maps, Tensor) and maps.dim() == 4 and not maps.is_complex()
    if not is_map or maps.shape[:2] != tuple(shape) or not maps.numel():
        got = describe(maps)
    elif maps.device != device:
        got = f'maps on {maps.device}'
    else:
        return maps
    raise ConfigError(
        f'Expected the map of {type(localizer).__name__} to be (B, T, h, w) with B={shape[0]} and '
        f'T={shape[1]} on {device}, h and w of at least 1, but got {got}.'
    )
