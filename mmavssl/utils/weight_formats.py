"""Tell what a file of weights is by its content: names say little, and web pages have any."""

import pickletools
import string
import zipfile
from enum import Enum
from pathlib import Path

ZIP_START = b'PK\x03\x04'
TEXT = set(string.printable.encode())
#: Largest header that safetensors reads.
HEADER_LIMIT = 100_000_000


class WeightFormat(Enum):
    """What a file is; the value says it in a message."""

    TORCH = 'a file of torch.save'  # or none of these: PyTorch says what is wrong with it
    SAFETENSORS = 'a file of safetensors'
    NPZ = 'an archive of NumPy arrays'
    TEXT = 'text'
    PICKLE = 'a plain pickle'
    TORCHSCRIPT = 'a TorchScript program'


def recognize_format(path: Path) -> WeightFormat:
    """Return what a file is, without loading anything of it."""
    start = read_start(path)
    if start.startswith(ZIP_START):
        return _recognize_archive(path)
    if _is_plain_pickle(path):  # before text, which a pickle of protocol 0 is as well
        return WeightFormat.PICKLE
    if start and set(start) <= TEXT:
        return WeightFormat.TEXT
    if start[8:9] == b'{' and int.from_bytes(start[:8], 'little') <= HEADER_LIMIT:
        return WeightFormat.SAFETENSORS
    return WeightFormat.TORCH


def read_start(path: Path) -> bytes:
    """Return the first 64 bytes of a file."""
    with path.open('rb') as opened:
        return opened.read(64)


def _recognize_archive(path: Path) -> WeightFormat:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # of many kinds, where a file is damaged
        names = []
    if names and all(name.endswith('.npy') for name in names):
        return WeightFormat.NPZ
    if any(name.endswith('/constants.pkl') for name in names):
        return WeightFormat.TORCHSCRIPT
    return WeightFormat.TORCH


def _is_plain_pickle(path: Path) -> bool:
    """Whether a file is one pickle and nothing else; those of torch before 1.6 are several."""
    with path.open('rb') as opened:
        try:
            for _ in pickletools.genops(opened):  # reads, but runs nothing
                pass
        except Exception:  # of many kinds, as what is no pickle is taken for one
            return False
        return not opened.read(1)
