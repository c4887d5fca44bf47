"""Open files of weights as plain data, and say what is wrong with one that cannot be used."""

import hashlib
import pickle
import re
import string
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.safe_globals import plain_objects_allowed

#: torch.hub's convention: the name ends with the first digits of the file's sha256.
HASH_IN_NAME = re.compile(r'-([0-9a-f]{8,64})\.[^.]+$')
SHA256 = re.compile(r'[0-9a-f]{8,64}')
HASH_CHUNK = 2**20
TEXT = set(string.printable.encode())
#: In what torch says of a pickle that would import, call or build what is not allowed.
REFUSED = re.compile(r'GLOBAL ([a-zA-Z_][\w.]*)|Trying to call|Can only (?:create|build)')


def read_weight_file(file: str, sha256: str | None = None) -> Any:
    """Return what is in a ``.safetensors``, ``.npz`` or torch file, none of which can run code.

    Args:
        file: path; ``~`` is the home folder.
        sha256: hexadecimal digits that the file must have, at least the first 8. By default those
            in a name like ``vit-80ecf9dd.pth``, if it has such.

    Raises:
        ConfigError: there is no such file, it has another hash, it is not complete, or it holds
            objects that could run code.
    """
    path = Path(file).expanduser()
    if not path.is_file():
        raise ConfigError(
            f'{file} does not exist. Download or train it first, or correct the path.'
        )
    _check_hash(path, sha256)
    return READERS.get(path.suffix, read_torch_file)(path)


def read_torch_file(path: Path, map_location: str = 'cpu') -> Any:
    """Return what ``torch.save`` wrote, opened with ``weights_only=True``.

    Besides tensors and Python's own types it may hold what `plain_objects_allowed` names.

    Args:
        path: the file.
        map_location: where its tensors go; ``meta`` leaves their values unread.

    Raises:
        ConfigError: the file is not complete, holds something else, or could run code.
    """
    with path.open('rb') as opened:
        start = opened.read(64)
    if start and set(start) <= TEXT:
        raise ConfigError(
            f'{path} holds text, not weights ({start[:24].decode()!r} ...): a web page or a '
            'pointer was saved instead of the file. Get it again.'
        )
    try:
        with plain_objects_allowed():
            return torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # of many kinds, where a file is damaged
        refused = REFUSED.search(str(error))
        if not isinstance(error, pickle.UnpicklingError) or refused is None:
            raise _incomplete(path) from error
        what = f'a {refused.group(1)}, which' if refused.group(1) else 'objects that'
        raise ConfigError(
            f'{path} is not loaded, since it holds {what} could run code. Ask its author for a '
            'file of tensors alone, or save its state dict anew where you trust it.'
        ) from error


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
        if 'allow_pickle' not in str(error) and 'pickled' not in str(error):
            raise _incomplete(path) from error
        raise ConfigError(
            f'{path} is not loaded, since it holds Python objects, which could run code. Ask its '
            'author for a file of arrays alone.'
        ) from error


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
    digest = hashlib.sha256()
    with path.open('rb') as opened:
        while chunk := opened.read(HASH_CHUNK):
            digest.update(chunk)
    actual = digest.hexdigest()
    if actual.startswith(expected):
        return
    where = 'as its name says' if sha256 is None else 'as `sha256` says'
    remedy = ', or rename it if these digits are no hash' if sha256 is None else ''
    raise ConfigError(
        f'{path} has the sha256 {actual[: len(expected)]}, not {expected} {where}: it is not '
        f'complete, or another file. Get it again{remedy}.'
    )


READERS = {'.safetensors': _read_safetensors, '.npz': _read_npz}
