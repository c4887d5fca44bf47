"""A large file by HTTP, on a connection that breaks."""

import http.client
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from mmavssl.datasets.download.room import check_room
from mmavssl.utils.errors import DataError
from mmavssl.utils.file_hash import sha256_of
from mmavssl.utils.progress import progress_bar

MEGABYTE = 2**20
#: Seconds without a byte after which a connection is given up.
TIMEOUT = 60
#: Tries in a row that bring nothing.
TRIES = 5
#: Seconds before the first of them; twice as many before each other one.
PAUSE = 2
#: What a server says that may serve a minute later.
BUSY = (408, 425, 429, 500, 502, 503, 504)
#: What it says where a file ends before the place that we ask for.
NO_SUCH_RANGE = 416


class _BrokenOffError(OSError):
    """The connection ended before the file did."""


def fetch_file(url: str, path: Path, sha256: str | None = None) -> None:
    """Download a file, which is there under its name when it is whole.

    An earlier call that was stopped left ``<name>.part``, which is gone on with. A connection that
    breaks is made again as long as each brings something.

    Args:
        url: of the file, with ``http:``, ``https:`` or ``file:``.
        path: where it is written.
        sha256: of its content; None: not known.

    Raises:
        DataError: the server does not give it, gives something else, or the disk has no room.
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'{path.name}.part')
    failures, most = 0, _size(part)
    while True:
        try:
            _go_on(url, part)
            break
        except (OSError, ValueError, http.client.HTTPException) as error:
            if _is_of_the_disk(error):
                raise
            if not _is_passing(error):
                raise DataError(_final(url, error)) from error
            failures = 0 if _size(part) > most else failures + 1
            most = max(most, _size(part))
            if failures == TRIES:
                raise DataError(
                    f'{url}: {_reason(error)}, {TRIES} times in a row. Check the connection; the '
                    'same command goes on from here.'
                ) from error
            time.sleep(PAUSE * 2**failures)
    if sha256 is not None and (found := sha256_of(part)) != sha256:
        part.unlink()
        raise DataError(
            f'{url} is not the file that was published: its sha256 is {found}, not {sha256}. It '
            'is removed. Try again, or take another source (docs/datasets.md).'
        )
    os.replace(part, path)


def _go_on(url: str, part: Path) -> None:
    """Write what lacks of a file, from where ``part`` ends."""
    have = _size(part)
    request = urllib.request.Request(url, headers={'Range': f'bytes={have}-'} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == NO_SUCH_RANGE and have:
            if _total(error.headers) == have:
                return  # stopped between the last byte and the name
            part.unlink()  # of another file
            raise _BrokenOffError('the file has changed') from error
        raise
    with response:
        if have and response.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0  # this server sends files from the beginning alone
        lacks = response.headers.get('Content-Length')
        total = None if lacks is None else have + int(lacks)
        if total is not None:
            check_room(part.parent, total - have, url)
        with part.open('ab' if have else 'wb') as file, _bar(part, have, total) as count:
            _copy(response, file, count)
    if total is not None and _size(part) < total:
        raise _BrokenOffError(f'the connection ended at byte {_size(part):,} of {total:,}')


def _copy(response: http.client.HTTPResponse, file: BinaryIO, count: Callable[[], None]) -> None:
    while block := response.read(MEGABYTE):
        file.write(block)
        count()


def _bar(part: Path, have: int, total: int | None):
    megabytes = -(-(total or 0) // MEGABYTE)
    return progress_bar(f'{part.stem} (MB)', megabytes, min(have // MEGABYTE, megabytes))


def _total(headers: http.client.HTTPMessage) -> int | None:
    """Return the size of the whole file, of ``Content-Range: bytes */123``."""
    text = headers.get('Content-Range', '').rpartition('/')[2]
    return int(text) if text.isdecimal() else None


def _is_of_the_disk(error: Exception) -> bool:
    return isinstance(error, OSError) and not isinstance(
        error,
        (urllib.error.URLError, ssl.SSLError, ConnectionError, TimeoutError, _BrokenOffError),
    )


def _is_passing(error: Exception) -> bool:
    """Whether another try may help."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in BUSY
    if isinstance(error, urllib.error.URLError):
        return not isinstance(error.reason, (ssl.SSLCertVerificationError, FileNotFoundError))
    return not isinstance(error, ValueError | http.client.InvalidURL)


def _final(url: str, error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return (
            f'{url}: the server says {error.code} ({error.reason}). Take another source '
            '(docs/datasets.md), which `--base-url` names.'
        )
    return f'{url}: {_reason(error)}.'


def _reason(error: Exception) -> str:
    reason = getattr(error, 'reason', None) or error
    return ' '.join(str(reason).split()).rstrip('.') or type(error).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
