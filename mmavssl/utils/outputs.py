"""Find out before long work whether its results can be written, and write them as a whole."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from mmavssl.utils.atomic_write import write_atomically
from mmavssl.utils.errors import CheckpointError, ConfigError


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

    Permissions do not tell it of all file systems, so a file without a name is made in the folder,
    or where it is to be made. No folder is: other processes may be about to write there as well.
    """
    folder = Path(folder)
    try:
        place = nearest(folder)
        for name in folder.relative_to(place).parts:
            is_there(place / name)  # or an error, if no file there can have this name
        with TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise ConfigError(
            f'{folder}: no file can be written there ({error.strerror}). Name another folder.'
        ) from None


def nearest(path: Path) -> Path:
    """Return a path, or the nearest one above it that is there, be it a folder or in the way.

    Raises:
        OSError: it cannot be found out.
    """
    return next(place for place in (path, *path.parents) if is_there(place))


def is_there(path: Path) -> bool:
    """Whether there is something of this name, which may be a link to nowhere.

    Raises:
        OSError: it cannot be found out, or there can be no such name.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def write_output(path: str | Path, text: str) -> None:
    """Write a file as a whole or not at all; its folder is made.

    What is no file, such as /dev/stdout, is written as it is, and so is a link, or a file in a
    folder where nothing may be added.

    Raises:
        OSError: it cannot be written; what was there before is as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or (path.exists() and not can_be_replaced(path)):
        path.write_text(text, encoding='utf-8')
        return
    try:
        write_atomically(path, text.encode())
    except CheckpointError as error:  # whose words are about checkpoints
        cause = error.__cause__
        raise OSError(cause.errno, cause.strerror, str(path)) from error


def can_be_replaced(path: Path) -> bool:
    """Whether another file can get the name of a file."""
    return path.is_file() and os.access(path.parent, os.W_OK)
