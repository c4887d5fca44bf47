"""Archives that somebody else has made: fetch and unpack them."""

import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from mmavssl.datasets.download.http_file import fetch_file
from mmavssl.datasets.download.room import check_room
from mmavssl.utils.errors import ConfigError, DataError
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
        ConfigError, DataError: see `fetch_file`, `unpack`.
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
        ConfigError: this Python cannot unpack tar files safely.
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
                opened.extract(member, folder)
    return len(members)


def _unpack_tar(archive: Path, folder: Path) -> int:
    if not hasattr(tarfile, 'data_filter'):
        raise ConfigError(
            'This Python cannot unpack tar files safely. Take 3.10.12, 3.11.4 or a later one.'
        )
    with tarfile.open(archive) as opened:
        return sum(1 for _ in _extracted(opened, archive, folder))


def _extracted(opened: tarfile.TarFile, archive: Path, folder: Path) -> Iterator[str]:
    for member in _files(opened, archive):
        opened.extract(member, folder, filter='data')
        yield member.name


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
