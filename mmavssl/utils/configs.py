"""Read a config for the command-line tools."""

from pathlib import Path

import torch
from mmengine.config import Config, DictAction

from mmavssl.utils.errors import ConfigError


def load_config(
    path: str, options: list[str], work_dir: str | None = None, launcher: str = 'none'
) -> Config:
    """Read a config file and apply changes to it.

    Args:
        path: config file.
        options: ``KEY=VALUE`` as on the command line, values in MMEngine's syntax.
        work_dir: folder of logs and checkpoints; default: the config's, or ``work_dirs/<name>``
            with the folder of the config in the name unless it is the method's only one.
        launcher: how the processes were started.

    Raises:
        ConfigError: no such file, or an option without ``=``.
    """
    if not Path(path).is_file():
        raise ConfigError(f'{path} does not exist. Configs are in configs/<method>/.')
    cfg = Config.fromfile(path)
    changes = {}
    for option in options:
        key, separator, value = option.partition('=')
        if not separator:
            raise ConfigError(f'Expected --cfg-options KEY=VALUE, but got {option!r}.')
        changes[key] = DictAction._parse_iterable(value)
    cfg.merge_from_dict(changes)
    cfg.launcher = launcher
    method = Path(path).resolve().parent.name
    cfg.work_dir = work_dir or cfg.get('work_dir') or f'work_dirs/{method}/{Path(path).stem}'
    if launcher != 'none' and not torch.cuda.is_available():
        cfg.setdefault('env_cfg', {})['dist_cfg'] = {'backend': 'gloo'}
    return cfg
