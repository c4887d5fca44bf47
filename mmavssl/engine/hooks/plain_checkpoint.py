"""Checkpoints that hold plain data and can run no code."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

from mmavssl.registry import HOOKS

ATOMS = (type(None), bool, int, float, str, bytes)
TORCH_TYPES = (torch.Size, torch.dtype, torch.device)


@HOOKS.register_module()
class PlainCheckpointHook(Hook):
    """Write checkpoints that ``torch.load(weights_only=True)`` opens, and read them back.

    MMEngine pickles the log (``HistoryBuffer``) and NumPy scalars as objects, which torch >= 2.6
    refuses to load: such a run could not be resumed. Here the log becomes lists of numbers in
    ``before_save_checkpoint`` and buffers again in ``after_load_checkpoint``; NumPy data becomes
    numbers and lists, a path its text, and any other mapping a dict. It runs after all other
    hooks, which may add to the checkpoint as well.
    """

    priority = 'LOWEST'

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Turn all entries into plain data, in place.

        Raises:
            ValueError: an entry is neither plain data nor convertible; the message names it.
        """
        log = checkpoint.get('message_hub', {}).get('log_scalars', {})
        for name, buffer in log.items():
            values, counts = buffer.data
            log[name] = {
                'values': values.tolist(),
                'counts': counts.tolist(),
                'max_length': buffer.max_length,
            }
        for key, value in checkpoint.items():
            checkpoint[key] = to_plain(value, key)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Turn the log back into buffers, in place; leave a file without one as it is."""
        log = checkpoint.get('message_hub', {}).get('log_scalars', {})
        for name, record in log.items():
            if isinstance(record, dict):
                log[name] = HistoryBuffer(record['values'], record['counts'], record['max_length'])


def to_plain(value: Any, where: str = 'value') -> Any:
    """Return ``value`` made of Python numbers, text, containers and tensors alone.

    Args:
        value: what to convert; a dict of tensors (state dict) is returned as it is.
        where: path of the value, for the message.

    Raises:
        ValueError: something else is in it.

    >>> to_plain({'acc': np.float64(0.5), 'classes': ('a', 'b'), 'bins': np.arange(2)})
    {'acc': 0.5, 'classes': ('a', 'b'), 'bins': [0, 1]}
    """
    if isinstance(value, (np.generic, np.ndarray)):
        return to_plain(value.tolist(), where)
    if type(value) in ATOMS or isinstance(value, (torch.Tensor, *TORCH_TYPES)):
        return value.detach() if isinstance(value, torch.nn.Parameter) else value
    if isinstance(value, (str, PurePath)):
        return str(value)
    if isinstance(value, Mapping):
        return _plain_mapping(value, where)
    if isinstance(value, (list, tuple, set)):
        items = [to_plain(item, f'{where}[{index}]') for index, item in enumerate(value)]
        return next(kind for kind in (list, tuple, set) if isinstance(value, kind))(items)
    raise ValueError(
        f'Expected plain data in the checkpoint, but `{where}` is a {type(value).__name__}, which '
        'torch.load(weights_only=True) would refuse. Store numbers, text, tensors, or lists and '
        'dicts of them; `message_hub.update_info(..., resumed=False)` keeps a value out.'
    )


def _plain_mapping(value: Mapping, where: str) -> dict:
    if type(value) is OrderedDict and all(type(item) is torch.Tensor for item in value.values()):
        return value  # a state dict, whose `_metadata` must stay with it
    items = {to_plain(key, where): to_plain(item, f'{where}.{key}') for key, item in value.items()}
    # Parameter schedulers call methods of these two after loading.
    kind = next((kind for kind in (Counter, OrderedDict) if type(value) is kind), dict)
    return kind(items)
