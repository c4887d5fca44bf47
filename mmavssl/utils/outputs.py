"""Find out before long work whether its results can be written."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from mmavssl.utils.errors import ConfigError


def check_output(path: str | Path) -> None:
    """Raise a ConfigError if a file cannot be written; its folder may be still to be made."""
    path = Path(path)
    if path.is_dir():
        raise ConfigError(f'{path} is a folder. Name a file to write.')
    if not path.exists():
        check_output_folder(path.parent)
    elif not os.access(path, os.W_OK):
        raise ConfigError(f'{path} may not be written. Name another file.')


def check_output_folder(folder: str | Path) -> None:
    """Raise a ConfigError if no file can be written into a folder; it may be still to be made.

    Permissions do not tell it of all file systems, so a file is made there, and is gone again.
    """
    folder = Path(folder)
    made = []
    try:
        for place in reversed([folder, *folder.parents]):
            if not place.is_dir():
                place.mkdir()
                made.append(place)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f'{folder}: no file can be written there ({error.strerror}). Name another folder.'
        ) from None
    finally:
        with suppress(OSError):  # somebody else has written there meanwhile
            for place in reversed(made):
                place.rmdir()
