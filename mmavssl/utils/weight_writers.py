"""Write tensors by name to a file, in the format that its suffix names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from mmavssl.utils.errors import ConfigError

TORCH_SUFFIXES = ('.pth', '.pyth', '.pt')


def check_out(out: str, source: str, suffixes: tuple[str, ...] = TORCH_SUFFIXES) -> Path:
    """Return where to write, unless something would be lost.

    Args:
        out: the file to write.
        source: the file that is read.
        suffixes: those that ``out`` may have.

    Raises:
        ConfigError: a folder, the file that is read, or another suffix.
    """
    path, read = Path(out).expanduser(), Path(source).expanduser()
    if path.suffix not in suffixes:
        raise ConfigError(f'Expected OUT to end with {" or ".join(suffixes)}, but got {out}.')
    if path.is_dir() or (path.exists() and read.exists() and path.samefile(read)):
        raise ConfigError(f'OUT {out} is a folder, or IN itself. Name another file.')
    return path


def write_weight_file(path: Path, content: dict[str, Any]) -> None:
    """Write a ``.npz`` or ``.safetensors`` file of tensors, or anything with ``torch.save``.

    Raises:
        ConfigError: numbers of a kind that NumPy does not have.
    """
    if path.suffix == '.npz':
        content = _to_arrays(path, content)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.npz':
        np.savez(path, **content)
    elif path.suffix == '.safetensors':
        write_safetensors(path, content)
    else:
        torch.save(content, path)


def write_safetensors(
    path: Path, tensors: Mapping[str, torch.Tensor], facts: dict[str, str] | None = None
) -> None:
    """Write a ``.safetensors`` file that others may read as far as the umask lets them.

    By itself, safetensors renames a temporary file, which is the owner's alone.

    Args:
        path: of the file.
        tensors: by name.
        facts: about them, kept in the file.
    """
    content = {name: tensor.contiguous() for name, tensor in tensors.items()}
    path.write_bytes(save(content, facts))


def _to_arrays(path: Path, tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    arrays, unfit = {}, {}
    for name, tensor in tensors.items():
        try:
            arrays[name] = tensor.numpy()
        except TypeError:
            unfit[name] = str(tensor.dtype).removeprefix('torch.')
    if unfit:
        names = ', '.join([*list(unfit)[:3], *['...'] * (len(unfit) > 3)])
        raise ConfigError(
            f'{path} cannot hold numbers of {" or ".join(sorted(set(unfit.values())))} ({names}). '
            'Write another kind of file, or convert them first.'
        )
    return arrays
