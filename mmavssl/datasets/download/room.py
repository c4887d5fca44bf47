"""Whether a disk has room for what is to come."""

import shutil
from pathlib import Path

from mmavssl.utils.errors import DataError


def check_room(folder: Path, size: int, what: str) -> None:
    """Raise `DataError` if fewer bytes are free on the disk of a folder.

    Args:
        folder: that exists.
        size: bytes that will be written.
        what: will be written.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DataError(
            f'{folder}: {what} takes {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free. Make '
            'room, or name a folder on another disk.'
        )
