"""The folder of all files of a page, and those that pages have left which were killed."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmavssl.utils.errors import ConfigError

PREFIX = 'mmavssl_demo_'
#: File in a folder that the process which made it keeps locked; the system unlocks it at its end.
LOCK = 'in_use'
#: Where Gradio puts uploads, and its copies of examples and answers.
VARIABLE = 'GRADIO_TEMP_DIR'


@contextmanager
def folder_of_page() -> Iterator[Path]:
    """Yield a folder for a page and for Gradio, which is imported afterwards; delete it then.

    It lies where ``GRADIO_TEMP_DIR`` says, or among the temporary files. Folders there of pages
    that could not delete theirs are deleted before.

    Raises:
        ConfigError: no folder can be made there.
    """
    parent = Path(os.environ.get(VARIABLE) or tempfile.gettempdir()).absolute()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise ConfigError(
            f'No folder for uploads can be made in {parent}: {error.strerror}. Name another place '
            f'by the environment variable {VARIABLE}.'
        ) from error
    delete_abandoned(parent)
    try:
        with locked(folder):
            # It stays so: what is still at work when the page ends must not write elsewhere.
            os.environ[VARIABLE] = str(folder)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Tell other processes that a folder is in use."""
    with open(folder / f'new_{LOCK}', 'w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # of a file system without locks, where nobody deletes it then
            yield
        else:
            # Locked from when it is there, so that nobody takes the folder for an abandoned one.
            os.rename(file.name, folder / LOCK)
            yield


def delete_abandoned(parent: Path) -> None:
    """Delete this user's folders of pages whose processes have ended.

    Args:
        parent: folder that they are in.
    """
    for folder in parent.glob(f'{PREFIX}*'):
        try:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                continue
            with open(folder / LOCK) as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # locked, just deleted by another one, or of an earlier version of ours
            continue
