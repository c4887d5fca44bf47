"""Archives that somebody else has made: fetch and unpack them."""

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from mmavssl.datasets.download.http_file import fetch_file
from mmavssl.datasets.download.room import check_room
from mmavssl.utils.errors import DataError
from mmavssl.utils.progress import followed, progress_bar

#: What the libraries raise for archives that are cut or have other bytes than they were made of.
DAMAGED = (EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError)


def fetch_unpacked(
    url: str, folder: Path, sha256: str | None = None, keep: bool = False
) -> int | None:
    """Fetch an archive and unpack it, unless an earlier call has.

    Args:
        url: of the archive.
        folder: for its files, where it is put as well; ``<name>.unpacked`` says that it is done.
        sha256: of the archive, if known.
        keep: whether the archive is kept.

    Returns:
        The number of its files; None if they are there.

    Raises:
        DataError: see `fetch_file`, `unpack`.
    """
    archive = folder / PurePosixPath(urlsplit(url).path).name
    done = folder / f'{archive.name}.unpacked'
    if done.exists():
        return None
    if not archive.exists():
        fetch_file(url, archive, sha256)
    files = unpack(archive, folder)
    done.touch()
    if not keep:
        archive.unlink()
    return files


def unpack(archive: Path, folder: Path) -> int:
    """Unpack a zip file, or a tar file of any compression, and return the number of its files.

    What is in the folder under the same names is replaced.

    Raises:
        DataError: the archive is damaged, has members that would be written elsewhere or that are
            no files, or the disk has no room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(archive):
            return _unpack_zip(archive, folder)
        return _unpack_tar(archive, folder)
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk
        reason = str(error).partition(':\n')[0]  # not that of each compression
        raise DataError(
            f'{archive} is damaged ({reason}). Remove it; the same command fetches it again.'
        ) from error


def _unpack_zip(archive: Path, folder: Path) -> int:
    with zipfile.ZipFile(archive) as opened:
        members = [member for member in opened.infolist() if not member.is_dir()]
        for member in members:
            _check_name(archive, member.filename)
        size = sum(member.file_size for member in members)
        check_room(folder, size, f'what {archive.name} holds')
        with progress_bar(f'Unpacking {archive.name}', len(members)) as advance:
            for member in followed(members, advance):
                with opened.open(member) as content:
                    _write(folder / member.filename, content)
    return len(members)


def _unpack_tar(archive: Path, folder: Path) -> int:
    count = 0
    with tarfile.open(archive) as opened:
        for member in _files(opened, archive):
            with opened.extractfile(member) as content:
                _write(folder / member.name, content)
            count += 1
    return count


def _write(path: Path, content: IO[bytes]) -> None:
    """Write a file with nothing of what an archive says of it but its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('wb') as file:
        shutil.copyfileobj(content, file)


def _files(opened: Iterable[tarfile.TarInfo], archive: Path) -> Iterator[tarfile.TarInfo]:
    for member in opened:
        _check_name(archive, member.name)
        if member.isfile():
            yield member
        elif not member.isdir():
            raise DataError(f'{archive}: {member.name!r} is neither file nor folder. Nothing of a '
                            'data set is; the archive is not unpacked further.')  # fmt: skip


def _check_name(archive: Path, name: str) -> None:
    path = PurePosixPath(name.replace('\\', '/'))
    if path.is_absolute() or '..' in path.parts or ':' in path.parts[:1]:
        raise DataError(
            f'{archive}: {name!r} would be written outside of the folder. The archive is not '
            'unpacked further.'
        )
