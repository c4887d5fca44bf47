"""Find a config file, and say in one line why one cannot be read."""

import os
from pathlib import Path
from traceback import walk_tb

from mmavssl.utils.commands import shipped, shipped_configs
from mmavssl.utils.components import did_you_mean
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.package_bases import PREFIX, package_base

CONFIGS = 'configs'
SUFFIXES = ('.py', '.yaml', '.yml', '.json')
#: MMEngine's functions that read a file.
READERS = ('fromfile', '_file2dict', '_is_lazy_import')


def find_config(path: str) -> str:
    """Return the path of a config: of that file, or of one that comes with the package.

    Args:
        path: of a file; or, where there is none, a path in ``configs`` of the package, with or
            without ``configs/`` before it, or with ``mmavssl::``, as a ``_base_`` has it.

    Raises:
        ConfigError: there is neither; names the nearest one.
    """
    if path.startswith(PREFIX):
        return package_base(path)
    file, folder = Path(path), shipped(CONFIGS)
    if file.is_file():
        if file.suffix not in SUFFIXES:
            raise ConfigError(
                f'{path} is no config: expected a name that ends with one of '
                f'{", ".join(SUFFIXES)}. Name the config in this place.'
            )
        return path
    if file.is_dir():
        raise ConfigError(f'{path} is a folder. Name a config in it.')
    inside = file.relative_to(CONFIGS) if file.parts[:1] == (CONFIGS,) else file
    if (folder / inside).is_file() and not file.is_absolute():
        return str(folder / inside)
    prefix = file.parts[:-1][: len(file.parts) - len(inside.parts)]
    known = [str(other) for other in file.parent.glob('*.py')]
    if not file.is_absolute():
        known += [str(Path(*prefix, name)) for name in shipped_configs()]
    hint = did_you_mean(path, known)
    raise ConfigError(
        f'{path} does not exist.{hint or f" Correct the path; {folder} has configs as well."}'
    )


def reading_failure(path: str, error: Exception) -> ConfigError:
    """Return what says why a config cannot be read.

    Args:
        path: of the config.
        error: of the program that it is, or of MMEngine.
    """
    frames = list(walk_tb(error.__traceback__))
    readers = [frame for frame, _ in frames if frame.f_code.co_name in READERS]
    file = str(readers[-1].f_locals.get('filename', path)) if readers else path
    if isinstance(error, FileNotFoundError) and error.filename == file:
        return ConfigError(
            f'{path}: `_base_` names {file}, which does not exist. Correct it: such a path is '
            'relative to the config that has it.'
        )
    lines = [line for frame, line in frames if frame.f_code.co_filename == file]
    message = ' '.join(str(error).split())
    if isinstance(error, SyntaxError):
        lines, message = [error.lineno], error.msg
    shown = path if os.path.abspath(path) == file else file
    place = f'{shown}:{lines[-1]}' if lines else shown
    kind = type(error).__name__
    return ConfigError(f'{place}: {kind}: {message.rstrip(".!")}. Correct the config.')
