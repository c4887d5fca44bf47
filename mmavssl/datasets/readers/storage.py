"""Files that are not on the disk, by MMEngine's storage backends."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from mmengine.fileio import get, get_file_backend

from mmavssl.utils.errors import ConfigError, DataError

# Seconds to wait before a storage is asked again.
PAUSES = (0.2, 1.0)
WEB = ('http://', 'https://')
# What stays as it is in a URL; a name may have blanks and letters of any language.
SAFE = "/:%?&=+,;@!$'()*~[]#"


def is_remote(path: str, backend_args: Mapping[str, Any] | None = None) -> bool:
    """Return whether a file has to be fetched, as it is not on the disk.

    Args:
        path: of the file, or a URI.
        backend_args: of MMEngine's storage backend; None: by the beginning of the path.
    """
    return '://' in path or (backend_args or {}).get('backend', 'local') != 'local'


def fetch(path: str, backend_args: Mapping[str, Any] | None = None) -> bytes:
    """Return the content of a file from its storage, which is asked three times.

    Args:
        path: of the file, or a URI.
        backend_args: of MMEngine's storage backend; None: by the beginning of the path.

    Raises:
        ConfigError: there is no such backend.
        DataError: the storage does not give the file.
    """
    args = dict(backend_args) if backend_args else None
    try:
        get_file_backend(path, backend_args=args, enable_singleton=True)
    except (KeyError, ValueError, TypeError, ImportError) as error:
        raise ConfigError(
            f'MMEngine has no storage backend for {path} with `backend_args` {args!r}: {error!r}. '
            'Name files on the disk, or make one known to MMEngine by '
            'mmengine.fileio.register_backend.'
        ) from None
    is_web = path.startswith(WEB)
    where = quote(path, SAFE) if is_web else path
    for pause in PAUSES:
        with suppress(Exception):  # each client has errors of its own
            return get(where, backend_args=args)
        time.sleep(pause)
    try:
        return get(where, backend_args=args)
    except Exception as error:
        remedy = (
            'Correct the address (of a list: `data_prefix` and its rows), or try again when the '
            'server answers.'
            if is_web
            else 'Correct the path (of a list: `data_prefix` and its rows), or `backend_args`.'
        )
        raise DataError(
            f'{path}: the storage does not give this file: {error}. {remedy}'
        ) from error
