"""Files of tools/publish_model.py: one network as safetensors, and in its metadata what it is."""

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.roles import ROLES
from mmavssl.utils.weight_files import existing_file, read_weight_file
from mmavssl.utils.weight_formats import WeightFormat, recognize_format

SUFFIX = '.safetensors'


def published_network(file: str) -> str | None:
    """Return which of `ROLES` a published file has; None for another network, or a checkpoint.

    Raises:
        ConfigError: no such file, or safetensors that are not published.
    """
    path = existing_file(file)
    if recognize_format(path) is not WeightFormat.SAFETENSORS:
        return None
    network = read_facts(path)['network']
    return network if network in ROLES else None


def read_published(path: Path, map_location: str = 'cpu') -> dict[str, Any]:
    """Return a published file as a checkpoint, in which a student or teacher has both roles.

    Args:
        path: the file.
        map_location: where its tensors go; ``meta`` leaves out their values.

    Raises:
        ConfigError: it is damaged, or tools/publish_model.py has not written it.
    """
    tensors = read_weight_file(str(path))
    facts = read_facts(path)
    network = facts['network']
    roles = facts.get('roles', ' '.join(ROLES)).split() if network in ROLES else [network]
    meta: dict[str, Any] = dict(facts)
    try:
        meta['epoch'] = int(facts['epoch'])
        meta['dataset_meta'] = {'classes': json.loads(facts.get('classes', 'null'))}
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f'{path} has other metadata than tools/publish_model.py writes ({error!r}). Get it '
            'again.'
        ) from None
    state = {
        f'{role}.{name}': tensor.to(map_location)
        for role in roles
        for name, tensor in tensors.items()
    }
    return {'state_dict': state, 'meta': meta}


def read_facts(path: Path) -> dict[str, str]:
    """Return the metadata of a published file.

    Raises:
        ConfigError: tools/publish_model.py has not written it.
    """
    with safe_open(path, 'pt') as opened:
        facts = opened.metadata() or {}
    if 'network' not in facts or path.suffix != SUFFIX:
        raise ConfigError(
            f'{path} is a file of safetensors, not of torch.save, and none that '
            f'tools/publish_model.py has written as *{SUFFIX}. Take a checkpoint.'
        )
    return facts
