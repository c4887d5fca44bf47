"""Arguments of a call of the inferencer, before long work."""

from collections.abc import Collection, Iterable
from numbers import Integral
from pathlib import Path
from typing import Any

from mmavssl.utils.components import did_you_mean
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.outputs import check_output


def check_names(names: Iterable[str], known: Collection[str]) -> None:
    """Raise a ConfigError if there is no argument of one of the names."""
    for name in names:
        if name not in known:
            raise ConfigError(
                f'The inferencer has no argument {name!r}.{did_you_mean(name, known)} It takes: '
                f'{", ".join(sorted(known))}.'
            )


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raise a ConfigError if a value is no integer, or below the least one."""
    if not isinstance(value, Integral):
        raise ConfigError(f'Expected `{name}` to be an integer, but got {value!r}.')
    if value < least:
        raise ConfigError(f'Expected `{name}` to be at least {least}, but got {value!r}.')


def check_json_file(path: str | Path) -> None:
    """Raise a ConfigError if a file is none that predictions can be written to."""
    if Path(path).suffix != '.json':
        raise ConfigError(
            f'Predictions are written as JSON, but the name of {path} does not end with .json '
            '(`pred_out_file`, --out). Name another file.'
        )
    check_output(path)
