"""Check configs in YAML and JSON.

MMEngine opens YAML with a loader that builds objects of any class and calls any function: those of
a tag ``!!python/``.
"""

import json
from typing import Any

import yaml

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.safe_config.limits import MAX_DEPTH, refusal

# libyaml's, as MMEngine's own, where it is there: the two do not read every file alike.
Loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
PLAIN_TAGS = {
    f'tag:yaml.org,2002:{kind}' for kind in ('str', 'int', 'float', 'bool', 'null', 'seq', 'map')
}


def read_yaml(text: str, path: str) -> Any:
    """Return what a YAML file says.

    Raises:
        ConfigError: it is no YAML, or holds objects, aliases, or values nested too deeply.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader):
            line, tag = event.start_mark.line + 1, getattr(event, 'tag', None)
            depth += isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent))
            depth -= isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent))
            if tag is not None and tag not in PLAIN_TAGS:
                raise refusal(path, line, f'an object ({tag!r})', 'Write a plain value')
            if isinstance(event, yaml.AliasEvent):
                raise refusal(path, line, 'an alias', 'Write the value out')
            if depth > MAX_DEPTH:
                raise refusal(path, line, 'a value nested too deeply', 'Nest less')
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f'{path}: this is no YAML: {" ".join(str(error).split())}.') from None


def read_json(text: str, path: str) -> Any:
    """Return what a JSON file says.

    Raises:
        ConfigError: it is no JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f'{path}: this is no JSON: {error}.') from None


def bases_of(content: Any, path: str) -> list[str]:
    """Return what a file names as ``_base_``.

    Raises:
        ConfigError: the file is no mapping, or ``_base_`` no string or list of strings.
    """
    if not isinstance(content, dict):
        raise ConfigError(f'{path}: expected keys and values, but got {type(content).__name__}.')
    bases = content.get('_base_', [])
    bases = bases if isinstance(bases, list) else [bases]
    if not all(isinstance(base, str) for base in bases):
        raise ConfigError(f'{path}: `_base_` must be a path or a list of paths.')
    return bases
