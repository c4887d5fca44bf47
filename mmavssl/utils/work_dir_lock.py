"""One training run at a time in a work dir: two would replace each other's checkpoints."""

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mmengine.logging import print_log

from mmavssl.utils.errors import ConfigError

NAME = '.in_use'
#: What the system says where somebody else has the lock.
TAKEN = (errno.EACCES, errno.EAGAIN)


@contextmanager
def work_dir_in_use(folder: str | Path) -> Iterator[None]:
    """Keep other runs out of a work dir, which is made; a run that was killed keeps out nobody.

    The lock is one of POSIX: it is the process's own, so that processes that load do not inherit
    it, and works across machines where their file system has locks.

    Args:
        folder: of logs and checkpoints.

    Raises:
        ConfigError: another run is in it.
    """
    folder = Path(folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with take(folder / NAME) as file:
        try:
            yield
        finally:
            Path(file.name).unlink(missing_ok=True)


def take(path: Path) -> IO[str]:
    """Return the open file that has the lock, which whoever had it before may have deleted.

    Raises:
        ConfigError: another process has it.
    """
    while True:
        file = path.open('a+')
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in TAKEN:
                raise ConfigError(refusal(path, file)) from None
            reason = f'{path.parent} has no locks ({error.strerror})'
            print_log(
                f'{reason}: nothing keeps a second run out of it.', 'current', logging.WARNING
            )
            return file
        if is_still_there(path, file):
            file.truncate(0)
            file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
            file.flush()
            return file
        file.close()


def is_still_there(path: Path, file: IO[str]) -> bool:
    """Whether an open file still has its name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def refusal(path: Path, file: IO[str]) -> str:
    """Return what to do, and who is there, as far as it is known."""
    file.seek(0)
    who = file.read().strip()
    file.close()
    return (
        f'{path.parent} is in use by another run{f" ({who})" if who else ""}: two would replace '
        "each other's checkpoints. Wait for its end, or choose another --work-dir."
    )
