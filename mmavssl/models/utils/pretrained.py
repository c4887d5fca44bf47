"""Start a network from published weights: read a file, adapt it, check it, load it, report."""

from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any, NamedTuple

import timm
import torch
from mmengine.logging import print_log
from torch import nn

from mmavssl.models.utils.fit import MisfitError, StateDict, settle
from mmavssl.models.utils.report import Report
from mmavssl.models.utils.source import SourceTensors
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts, parse_facts, read_facts
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.safe_globals import plain_objects_allowed
from mmavssl.utils.weight_files import existing_file, read_torch_file, read_weight_file
from mmavssl.utils.weight_formats import WeightFormat, recognize_format

#: Returns the tensors of a file as a network has them, and notes in the report what it did.
Adapter = Callable[[SourceTensors, nn.Module, Report], StateDict]

TIMM_SCHEME = 'timm://'
#: What files of training keep their tensors under; DeepSpeed's is ``module``.
WRAPPER_KEYS = ('state_dict', 'model_state', 'model', 'module')


class InitCfg(NamedTuple):
    """``init_cfg`` of a network, whose ``type`` is ``Pretrained``.

    Attributes:
        checkpoint: see `read_state_dict`.
        prefix: of the names of a part of a larger network, which is taken alone.
        allow: patterns of names that may be missing, be too many or have another shape.
        sha256: of the file, at least its first 8 digits.
        source: what the user knows of the network in the file.
        drop: patterns of names that keep their initial value, also where the file would fit.
    """

    checkpoint: str
    prefix: str = ''
    allow: tuple[str, ...] = ()
    sha256: str | None = None
    source: NetworkFacts = UNKNOWN
    drop: tuple[str, ...] = ()


def load_pretrained(model: nn.Module, init_cfg: dict, adapt: Adapter) -> None:
    """Load what ``init_cfg`` names into ``model`` and log what came from where.

    Args:
        model: network to fill.
        init_cfg: ``type='Pretrained'`` and the fields of `InitCfg`.
        adapt: fits names and shapes.

    Raises:
        ConfigError: malformed ``init_cfg``, a file that cannot be used, or a network that does
            not fit.
    """
    cfg, report = parse_init_cfg(init_cfg), Report()
    try:
        whole = read_state_dict(cfg.checkpoint, cfg.sha256)
    except ConfigError as error:
        raise ConfigError(
            f'`init_cfg.checkpoint`: {error} `init_cfg=None` starts from random weights.'
        ) from error
    state = _fit(whole, model, cfg, adapt, report)
    model.load_state_dict(state, strict=False)
    title = f' ({report.layout})' if report.layout else ''
    head = f'{type(model).__name__}: {len(state)} tensors from {cfg.checkpoint}{title}'
    print_log('\n'.join([head, *report.table()]), logger='current')


def check_pretrained(model: nn.Module, init_cfg: dict, adapt: Adapter) -> None:
    """Raise what `load_pretrained` would because of names and shapes, which are read alone.

    Args:
        model: network, whose parameters need no values.
        init_cfg: names a file, as for `load_pretrained`.
        adapt: looks at no values either.

    Raises:
        ConfigError: see `load_pretrained`.
    """
    cfg = parse_init_cfg(init_cfg)
    path = existing_file(cfg.checkpoint)
    if recognize_format(path) is WeightFormat.TORCH:
        with plain_objects_allowed():
            content = read_torch_file(path, map_location='meta')
        whole = find_state_dict(content, cfg.checkpoint)
    else:
        whole = read_state_dict(cfg.checkpoint, cfg.sha256)
    _fit(whole, model, cfg, adapt, Report())


def parse_init_cfg(init_cfg: Any) -> InitCfg:
    """Return the fields of an ``init_cfg`` with ``type='Pretrained'``.

    Raises:
        ConfigError: another type, or fields that are unknown or of another kind.
    """
    fields = dict(init_cfg) if isinstance(init_cfg, Mapping) else {}
    is_pretrained = fields.pop('type', None) == 'Pretrained'
    patterns = {
        name: [fields[name]] if isinstance(fields.get(name), str) else fields.get(name, ())
        for name in ('allow', 'drop')
    }
    valid = (
        is_pretrained
        and set(fields) <= set(InitCfg._fields)
        and isinstance(fields.get('checkpoint'), str)
        and isinstance(fields.get('prefix', ''), str)
        and isinstance(fields.get('sha256'), (str, type(None)))
        and all(isinstance(names, (list, tuple)) for names in patterns.values())
    )
    if not valid:
        raise ConfigError(
            "Expected `init_cfg` to be None or dict(type='Pretrained', checkpoint='...'), if "
            "wanted with prefix='...', allow=['...'], drop=['...'], sha256='...' and "
            f'source=dict(...), but got {init_cfg!r}.'
        )
    source = parse_facts(fields.get('source', {}))
    patterns = {name: tuple(names) for name, names in patterns.items()}
    return InitCfg(**{**fields, **patterns, 'source': source})


def read_state_dict(checkpoint: str, sha256: str | None = None) -> SourceTensors:
    """Read tensors from a file (see `read_weight_file`) or from ``timm://NAME``.

    Raises:
        ConfigError: the file cannot be used or holds no state dict; or timm does not know or
            cannot download the network.
    """
    if checkpoint.startswith(TIMM_SCHEME):
        if sha256 is not None:
            raise ConfigError(f'`sha256` is of a file, and {checkpoint} is none.')
        return _read_timm(checkpoint.removeprefix(TIMM_SCHEME))
    return find_state_dict(read_weight_file(checkpoint, sha256), checkpoint)


def find_state_dict(content: Any, file: str) -> SourceTensors:
    """Return the tensors of what a file holds: all of it, or those under one of `WRAPPER_KEYS`.

    Raises:
        ConfigError: something else.
    """
    networks = read_facts(content)
    for key in WRAPPER_KEYS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    is_state = isinstance(content, Mapping) and all(
        isinstance(name, str) and torch.is_tensor(value) for name, value in content.items()
    )
    if not is_state or not content:
        raise ConfigError(
            f'{file} holds no state dict: expected tensors by name, or those under one of '
            f'{WRAPPER_KEYS}.'
        )
    return SourceTensors(content, networks)


def _fit(
    whole: SourceTensors, model: nn.Module, cfg: InitCfg, adapt: Adapter, report: Report
) -> StateDict:
    """Return the tensors of a file that are to be loaded, and report on the others."""
    file = f'{cfg.checkpoint} (`init_cfg.checkpoint`)'
    source = whole.part(cfg.prefix)
    source.said = cfg.source
    if not source:
        raise ConfigError(f'No tensor of {file} has a name with `init_cfg.prefix`={cfg.prefix!r}.')
    for name in whole:
        if not name.startswith(cfg.prefix):
            report.drop(name, _group(name, cfg.prefix))
    try:
        adapted = adapt(source, model, report)
        return settle(adapted, model.state_dict(), report, cfg.allow, cfg.drop)
    except MisfitError as misfit:
        raise ConfigError(f'{file} does not fit {type(model).__name__}: {misfit}.') from misfit


def _group(name: str, prefix: str) -> str:
    """Return the group of a tensor outside of ``prefix``: up to where its name is another.

    >>> _group('student.head.fc.bias', 'student.backbone.')
    'student.head.*'
    """
    parts = name.split('.')
    pairs = zip(parts, prefix.split('.'), strict=False)
    length = 1 + len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return '.'.join(parts[:length] + ['*'] * (len(parts) > length))


def _read_timm(name: str) -> SourceTensors:
    try:
        network = timm.create_model(name, pretrained=True)
    except Exception as error:  # whatever the hub's client raises: offline, unknown, no weights
        raise ConfigError(
            f'{TIMM_SCHEME}{name} is what timm could not provide ({type(error).__name__}: '
            f'{str(error).strip().partition(chr(10))[0]}). Give the path of a file.'
        ) from error
    first = next(iter(getattr(network, 'blocks', ())), None)
    num_heads = getattr(getattr(first, 'attn', None), 'num_heads', None)
    return SourceTensors(network.state_dict(), {'': NetworkFacts(num_heads=num_heads)})
