"""Start a network from published weights: read a file, adapt it, check it, load it, report."""

import pickle
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import timm
import torch
from mmengine.logging import print_log
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mmavssl.utils.errors import ConfigError

StateDict = dict[str, Tensor]
#: Changes a state dict in place to fit a network; returns ``{what was done: parameter names}``.
Adapter = Callable[[StateDict, nn.Module], dict[str, list[str]]]

TIMM_SCHEME = 'timm://'
DROPPED = 'dropped'
INITIAL = 'left at the initial value'
INIT_CFG_KEYS = {'type', 'checkpoint', 'prefix'}
WRAPPER_KEYS = ('state_dict', 'model_state', 'model')
WRAPPER_PREFIXES = ('module.', 'model.', 'v.')
HEAD_PREFIXES = ('head.', 'head_dist.', 'mlp_head.', 'pre_logits.')


def load_pretrained(model: nn.Module, init_cfg: dict, adapt: Adapter) -> None:
    """Load what ``init_cfg`` names into ``model`` and log what came from where.

    Args:
        model: network to fill.
        init_cfg: ``type='Pretrained'``, ``checkpoint`` (see `read_state_dict`) and, to take a part
            of a larger network, the ``prefix`` of its names.
        adapt: fits names and shapes. What it reports as `INITIAL` may be missing in the file.

    Raises:
        ConfigError: malformed ``init_cfg``, unreadable file, or a network that does not fit.
    """
    checkpoint, prefix = _parse_init_cfg(init_cfg)
    source = strip_names(read_state_dict(checkpoint), prefix)
    if not source:
        raise ConfigError(
            f'No tensor of {checkpoint} has a name with `init_cfg.prefix`={prefix!r}.'
        )
    dropped = [name for name in source if name.startswith(HEAD_PREFIXES)]
    source = {name: tensor for name, tensor in source.items() if name not in dropped}
    report = adapt(source, model)
    report[DROPPED] = dropped + report.get(DROPPED, [])
    _check_fit(source, model, report.get(INITIAL, []), checkpoint)
    model.load_state_dict(source, strict=False)
    parts = [f'{what}: {len(names)} ({names[0]}, ...)' for what, names in report.items() if names]
    print_log(
        f'{type(model).__name__}: {len(source)} tensors set from {checkpoint}; {"; ".join(parts)}',
        logger='current',
    )


def read_state_dict(checkpoint: str) -> StateDict:
    """Read tensors from a ``.safetensors``, ``.pth`` or ``.pyth`` file, or from ``timm://NAME``.

    Files are opened as plain data (``weights_only=True``), so none can run code.

    Raises:
        ConfigError: the file does not exist, cannot be read or holds no state dict; or timm does
            not know or cannot download the network.
    """
    if checkpoint.startswith(TIMM_SCHEME):
        return _read_timm(checkpoint.removeprefix(TIMM_SCHEME))
    path = Path(checkpoint).expanduser()
    if not path.is_file():
        raise ConfigError(
            f'`init_cfg.checkpoint` names {checkpoint}, which does not exist. Download or train '
            'it first, or set `init_cfg=None` to start from random weights.'
        )
    try:
        if path.suffix == '.safetensors':
            return load_file(path)
        content = torch.load(path, map_location='cpu', weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).strip().partition('\n')[0]
        raise ConfigError(
            f'`init_cfg.checkpoint` names {checkpoint}, which cannot be read as plain tensors: '
            f'{reason}'
        ) from error
    for key in WRAPPER_KEYS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not all(map(torch.is_tensor, content.values())):
        raise ConfigError(
            f'`init_cfg.checkpoint` names {checkpoint}, which holds no state dict: expected '
            f'tensors by name, or those under one of {WRAPPER_KEYS}.'
        )
    return dict(content)


def strip_names(source: StateDict, prefix: str = '') -> StateDict:
    """Return the tensors whose names start with ``prefix``, without it and known wrappers' names.

    >>> strip_names({'module.v.norm.weight': 1, 'module.v.norm.bias': 2})
    {'norm.weight': 1, 'norm.bias': 2}
    >>> strip_names({'backbone.norm.weight': 1, 'head.weight': 2}, prefix='backbone.')
    {'norm.weight': 1}
    """
    stripped = {}
    for name, tensor in source.items():
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            for wrapper in WRAPPER_PREFIXES:
                name = name.removeprefix(wrapper)
            stripped[name] = tensor
    return stripped


def _parse_init_cfg(init_cfg: dict) -> tuple[str, str]:
    """Return checkpoint and prefix."""
    valid = (
        isinstance(init_cfg, Mapping)
        and init_cfg.get('type') == 'Pretrained'
        and isinstance(init_cfg.get('checkpoint'), str)
        and set(init_cfg) <= INIT_CFG_KEYS
    )
    if not valid:
        raise ConfigError(
            "Expected `init_cfg` to be None or dict(type='Pretrained', checkpoint='...'), if "
            f"wanted with prefix='...', but got {init_cfg!r}."
        )
    return init_cfg['checkpoint'], init_cfg.get('prefix', '')


def _read_timm(name: str) -> StateDict:
    try:
        return timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:  # whatever the hub's client raises: offline, unknown, no weights
        raise ConfigError(
            f'`init_cfg.checkpoint` names {TIMM_SCHEME}{name}, which timm could not provide '
            f'({type(error).__name__}: {str(error).strip().partition(chr(10))[0]}). Give the path '
            'of a file, or set `init_cfg=None` to start from random weights.'
        ) from error


def describe_misfit(source: StateDict, target: StateDict, may_miss: Collection[str] = ()) -> str:
    """Return what of a state dict does not fit another, in one line; empty where all of it fits.

    Args:
        source: tensors that are there.
        target: tensors that are wanted; only their names and shapes count.
        may_miss: names that ``source`` need not have.
    """
    problems = {
        'unexpected': sorted(set(source) - set(target)),
        'missing': sorted(set(target) - set(source) - set(may_miss)),
        'of another shape': [
            f'{name} {tuple(source[name].shape)} instead of {tuple(target[name].shape)}'
            for name in sorted(set(source) & set(target))
            if source[name].shape != target[name].shape
        ],
    }
    return '; '.join(
        f'{what}: {", ".join(names[:5])}{f" and {len(names) - 5} more" if names[5:] else ""}'
        for what, names in problems.items()
        if names
    )


def _check_fit(source: StateDict, model: nn.Module, may_miss: list[str], checkpoint: str) -> None:
    misfit = describe_misfit(source, model.state_dict(), may_miss)
    if misfit:
        raise ConfigError(
            f'{checkpoint} (`init_cfg.checkpoint`) does not fit {type(model).__name__}: {misfit}.'
        )
