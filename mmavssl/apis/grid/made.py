"""Hashes of what runs are made from: data and checkpoints that a grid's commands have made."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from mmavssl.apis.grid.grid_file import Preparation
from mmavssl.utils.file_hash import sha256_of

LENGTH = 12


def hashes(steps: Sequence[Preparation], seed: int, root: Path) -> dict[str, str]:
    """Return the first digits of the SHA-256 of what each step makes for a seed.

    A list of clips stands for the clips, and a folder for the files that are in it.

    Args:
        steps: of a grid.
        seed: of a run.
        root: of the repository.
    """
    made = [part.makes for step in steps for part in step.of_seeds([seed])]
    return {path: digest_of(root / path) for path in made}


def digest_of(path: Path) -> str:
    """Return the first digits of the SHA-256 of a file, or of all files of a folder."""
    if path.is_file():
        return sha256_of(path)[:LENGTH]
    files = sorted(file for file in path.rglob('*') if file.is_file())
    lines = [f'{file.relative_to(path).as_posix()} {sha256_of(file)}\n' for file in files]
    return hashlib.sha256(''.join(lines).encode()).hexdigest()[:LENGTH]
