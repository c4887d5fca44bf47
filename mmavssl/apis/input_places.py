"""Where inputs are: on this disk, or in a storage of MMEngine's."""

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from mmengine.fileio import get_file_backend

from mmavssl.datasets.preparation.file_tree import VIDEO_SUFFIXES
from mmavssl.datasets.readers.storage import is_remote
from mmavssl.utils.errors import DataError

HTTP = ('http', 'https')


def local_path(uri: str) -> str:
    """Return the path of a ``file://`` URI; anything else stays as it is.

    Raises:
        DataError: a file of another machine.

    >>> local_path('file:///a/b%20c.mp4'), local_path('a%20b.mp4'), local_path('http://h/a.mp4')
    ('/a/b c.mp4', 'a%20b.mp4', 'http://h/a.mp4')
    """
    if not uri.lower().startswith('file://'):
        return uri
    host, _, path = uri[len('file://') :].partition('/')
    if host not in ('', 'localhost'):
        raise DataError(
            f'{uri} names the machine {host!r}. A file of this one begins with file:///.'
        )
    return unquote(f'/{path}')


def check_storages(places: Iterable[str]) -> None:
    """Raise a DataError if there is a URI among some places that no storage can be asked for."""
    prefixes = {place.partition('://')[0]: place for place in places if is_remote(place)}
    for prefix, place in prefixes.items():
        if prefix.lower() in HTTP:
            continue
        try:
            get_file_backend(f'{prefix}://')
        except (KeyError, ValueError, TypeError, ImportError) as error:
            why = f' ({error})' if isinstance(error, ImportError) else ''
            raise DataError(
                f'{place}: there is no storage for {prefix}:// here{why}. Download the files, and '
                'name their paths; http:// and https:// need nothing.'
            ) from None


def list_storage(uri: str) -> list[str] | None:
    """Return the videos below a folder of a storage, None for a file.

    Raises:
        DataError: a folder of a server, or a storage that cannot be asked.
    """
    check_storages([uri])
    if uri.lower().startswith(tuple(f'{prefix}://' for prefix in HTTP)):
        if urlsplit(uri).path.endswith('/'):
            raise DataError(
                f'{uri} looks like a folder, but HTTP has none. Name the URLs of the videos, or a '
                'list of them (*.csv).'
            )
        return None
    backend = get_file_backend(uri)
    if not hasattr(backend, 'isdir') or not backend.isdir(uri):
        return None
    names = backend.list_dir_or_file(uri, list_dir=False, recursive=True)
    return [
        backend.join_path(uri, name)
        for name in sorted(names)
        if name.lower().endswith(VIDEO_SUFFIXES)
    ]
