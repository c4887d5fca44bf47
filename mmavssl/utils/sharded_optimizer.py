"""ZeRO-1 in a config: an optimizer whose state is divided over the processes."""

from collections.abc import Mapping
from typing import Any

from torch import optim

from mmavssl.utils.components import did_you_mean
from mmavssl.utils.errors import ConfigError

ZERO = 'ZeroRedundancyOptimizer'
OWN_KEYS = ('process_group', 'parameters_as_bucket_view', 'overlap_with_ddp')


def is_sharded(optimizer: Any) -> bool:
    """Whether the config of an optimizer is that of `ZeroRedundancyOptimizer`."""
    return isinstance(optimizer, Mapping) and str(optimizer.get('type')).endswith(ZERO)


def local_optimizer(optimizer: Mapping, path: str) -> dict:
    """Return the config of the optimizer that `ZeroRedundancyOptimizer` builds in each process.

    Args:
        optimizer: config with ``optimizer_type``, a name of ``torch.optim``, and its arguments.
        path: of the config, for messages.

    Raises:
        ConfigError: no such optimizer.
    """
    kind = optimizer.get('optimizer_type')
    names = [
        name
        for name, value in vars(optim).items()
        if isinstance(value, type) and issubclass(value, optim.Optimizer)
    ]
    if kind not in names:
        raise ConfigError(
            f'{path}.optimizer_type: expected an optimizer of torch.optim for each process to '
            f'build, but got {kind!r}.{did_you_mean(str(kind), names)}'
        )
    taken = {'type', 'optimizer_type', *OWN_KEYS}
    return {'type': kind, **{key: optimizer[key] for key in optimizer if key not in taken}}
