"""Processes that load hand over their batches through sockets, whose paths have little room."""

import os
import sys
import tempfile
from multiprocessing import util

from mmavssl.utils.errors import ConfigError

#: What `multiprocessing` appends to the temporary folder, with random characters.
SUFFIX = '/pymp-xxxxxxxx/listener-xxxxxxxx'
#: Bytes of the path of a socket, without the 0 at its end (``sockaddr_un`` of Linux and macOS).
ROOM = 107 if sys.platform == 'linux' else 103


def check_worker_sockets(where: str) -> None:
    """Raise if the temporary folder has too long a path for sockets.

    Workers would print an error that names no file for each batch, and their reader would wait
    for ever.

    Args:
        where: option or key that asks for workers.

    Raises:
        ConfigError: names the folder, and what to set.
    """
    if hasattr(util, '_get_base_temp_dir'):  # of Pythons that take another folder by themselves
        return
    folder = tempfile.gettempdir()
    longest = ROOM - len(SUFFIX)
    if len(os.fsencode(folder)) > longest:
        raise ConfigError(
            f'{where}: processes that load cannot hand over what they have loaded, as the '
            f'temporary folder has a path of more than {longest} bytes ({folder}). Set TMPDIR to '
            f'a shorter one, such as TMPDIR=/tmp, or {where} to 0.'
        )
