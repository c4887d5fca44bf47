"""Write a file so that it is there as a whole or not at all, whenever the machine stops."""

import os
from pathlib import Path

from mmavssl.utils.errors import CheckpointError
from mmavssl.utils.tool_errors import FULL


def draft_of(path: Path) -> Path:
    """Return the name under which a file is written before it gets its own."""
    return path.with_name(f'.{path.name}.draft')


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under another name, bring it to the disk, and give it its name.

    A file that has the name stays as it is until then.

    Args:
        path: of the file; its folder is made.
        content: all of it.

    Raises:
        CheckpointError: the disk is full, or another fault of the system.
    """
    draft = draft_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open('wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        what = 'the disk is full' if error.errno in FULL else error.strerror or str(error)
        raise CheckpointError(
            f'{path} was not written: {what} ({len(content) / 1e6:.1f} MB). What was there before '
            'is as it was. Make room, and go on with --resume.'
        ) from error


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
