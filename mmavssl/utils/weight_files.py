"""Open files of weights as plain data, and say what is wrong with one that cannot be used."""

import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.file_hash import sha256_of
from mmavssl.utils.safe_globals import plain_objects_allowed
from mmavssl.utils.weight_formats import WeightFormat, read_start, recognize_format

#: torch.hub's convention: the name ends with the first digits of the file's sha256.
HASH_IN_NAME = re.compile(r'-([0-9a-f]{8,64})\.[^.]+$')
SHA256 = re.compile(r'[0-9a-f]{8,64}')
#: In what torch says of a pickle that would import, call or build what is not allowed.
REFUSED = re.compile(r'GLOBAL ([a-zA-Z_][\w.]*)|Trying to call|Can only (?:create|build)')


def read_weight_file(file: str, sha256: str | None = None) -> Any:
    """Return what is in a file of safetensors, NumPy or torch, none of which can run code.

    What it is, its content says, not its name. Besides tensors and Python's own types, one of
    torch may hold what `plain_objects_allowed` names.

    Args:
        file: path; ``~`` is the home folder.
        sha256: hexadecimal digits that the file must have, at least the first 8. By default those
            in a name like ``vit-80ecf9dd.pth``, if it has such.

    Raises:
        ConfigError: there is no such file, it has another hash, it is not complete, or it holds
            objects that could run code.
    """
    path = existing_file(file)
    _check_hash(path, sha256)
    with plain_objects_allowed():
        return READERS.get(recognize_format(path), read_torch_file)(path)


def existing_file(file: str) -> Path:
    """Return the path of a file that is there.

    Raises:
        ConfigError: it is not, or is a folder.
    """
    path = Path(file).expanduser()
    if path.is_dir():
        raise ConfigError(f'{file} is a folder. Name the file that is meant.')
    if not path.is_file():
        what = 'is no file' if path.exists() else 'does not exist'
        raise ConfigError(f'{file} {what}. Download or train it first, or correct the path.')
    return path


def read_torch_file(path: Path, map_location: str = 'cpu') -> Any:
    """Return what ``torch.save`` wrote, opened with ``weights_only=True``.

    Args:
        path: the file.
        map_location: where its tensors go; ``meta`` leaves their values unread.

    Raises:
        ConfigError: the file is not complete, is something else, or could run code.
    """
    form = recognize_format(path)
    if form is WeightFormat.TEXT:
        raise ConfigError(
            f'{path} holds text, not weights ({read_start(path)[:24].decode()!r} ...): a web page '
            'or a pointer was saved instead of the file. Get it again.'
        )
    if form in READERS:
        raise ConfigError(f'{path} is {form.value}, not of torch.save. Take a checkpoint.')
    if form is not WeightFormat.TORCH:
        raise _not_loaded(path, f'is {form.value}, which')
    try:
        return torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # of many kinds, where a file is damaged
        refused = REFUSED.search(str(error))
        if not isinstance(error, pickle.UnpicklingError) or refused is None:
            raise _incomplete(path) from error
        name = refused.group(1)
        what = f'holds a {name}, which' if name else 'holds objects that'
        raise _not_loaded(path, what) from error


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise _incomplete(path) from error


def _read_npz(path: Path) -> dict[str, torch.Tensor]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    except TypeError as error:
        raise ConfigError(
            f'{path} holds numbers of a kind that torch does not know ({error}).'
        ) from error
    except Exception as error:  # of many kinds, where a file is damaged
        if 'allow_pickle' not in str(error):
            raise _incomplete(path) from error
        raise _not_loaded(path, 'holds Python objects, which') from error


def _not_loaded(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f'{path} is not loaded, since it {reason} could run code. Ask its author for a file of '
        'tensors alone, or save its state dict anew where you trust it.'
    )


def _incomplete(path: Path) -> ConfigError:
    return ConfigError(
        f'{path} is no file of weights, or was not written to its end: it has '
        f'{path.stat().st_size} bytes. Download or copy it again.'
    )


def _check_hash(path: Path, sha256: str | None) -> None:
    in_name = HASH_IN_NAME.search(path.name)
    if sha256 is None and in_name is None:
        return
    expected = in_name.group(1) if sha256 is None else sha256.lower()
    if not SHA256.fullmatch(expected):
        raise ConfigError(
            f'Expected `sha256` to be 8 to 64 hexadecimal digits, but got {sha256!r}.'
        )
    actual = sha256_of(path)
    if actual.startswith(expected):
        return
    where = 'as its name says' if sha256 is None else 'as `sha256` says'
    remedy = ', or rename it if these digits are no hash' if sha256 is None else ''
    raise ConfigError(
        f'{path} has the sha256 {actual[: len(expected)]}, not {expected} {where}: it is not '
        f'complete, or another file. Get it again{remedy}.'
    )


READERS = {WeightFormat.SAFETENSORS: _read_safetensors, WeightFormat.NPZ: _read_npz}
