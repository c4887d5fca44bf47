"""Tell configs apart by what their results depend on."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmavssl.utils.config_slots import KNOWN_TOP_LEVEL
from mmavssl.utils.configs import load_config

#: Keys that change no result.
WITHOUT_EFFECT = {
    'experiment_name', 'launcher', 'log_level', 'prepare_commands', 'resume', 'work_dir',
}  # fmt: skip
LENGTH = 12


def config_hash(
    config: Path, options: Sequence[str], test_options: Sequence[str], root: Path
) -> str:
    """Return the first digits of the SHA-256 of a config with its options.

    What no tool reads, the work dir and the folder of the repository do not count. Nor does the
    place of what is outside of it, which other machines have elsewhere: `sources` has it.

    Args:
        config: file.
        options: ``KEY=VALUE``.
        test_options: more of them, for testing.
        root: of the repository.

    Raises:
        ConfigError: see `load_config`.
    """
    content = [portable(counted(load_config(str(config), options)), root), list(test_options)]
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def counted(config: Config) -> dict[str, Any]:
    """Return the part of a config on which results depend."""
    cfg = config.to_dict()
    return {key: cfg[key] for key in cfg if key in KNOWN_TOP_LEVEL - WITHOUT_EFFECT}


def portable(value: Any, root: Path) -> Any:
    """Return a value without paths that other machines do not have.

    Those in a folder are told from there, others by their last part.

    >>> portable({'a': ['/repo/data/x', '/elsewhere/y', 'z']}, Path('/repo'))
    {'a': ['data/x', 'y', 'z']}
    """
    if isinstance(value, Mapping):
        return {str(key): portable(child, root) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [portable(child, root) for child in value]
    if isinstance(value, str) and os.path.isabs(value):
        path = Path(os.path.normpath(value))
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return value
