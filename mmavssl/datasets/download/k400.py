"""Kinetics-400 as the Common Visual Data Foundation keeps it."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from mmavssl.datasets.download.archives import fetch_unpacked
from mmavssl.datasets.download.http_file import fetch_file
from mmavssl.utils.errors import DataError

BASE_URL = 'https://s3.amazonaws.com/kinetics/400/'
PARTS = ('train', 'val')
#: Whole copies of clips that are damaged in the other archives.
REPLACEMENT = 'replacement_for_corrupted_k400.tgz'


def download_k400(
    folder: Path, base_url: str = BASE_URL, parts: Sequence[str] = PARTS, keep: bool = False
) -> str:
    """Fetch and unpack the clips, one archive after the other, and the lists of labels.

    Args:
        folder: of ``train/``, ``val/``, ``replacement/`` and ``annotations/``.
        base_url: of the folder of all files.
        parts: of `PARTS`.
        keep: whether archives are kept.

    Returns:
        What has been done, for the user.

    Raises:
        DataError: see `fetch_unpacked`; a list of archives is none.
    """
    said = []
    for part in parts:
        _fetch_list(f'{base_url}annotations/{part}.csv', folder / 'annotations' / f'{part}.csv')
        archives = _archives(base_url, part, folder)
        for number, url in enumerate(archives, 1):
            print(f'{part}: archive {number} of {len(archives)}', flush=True)
            fetch_unpacked(url, folder / part, keep=keep)
        said.append(f'{len(archives)} archives of {part}')
    fetch_unpacked(f'{base_url}{REPLACEMENT}', folder / 'replacement', keep=keep)
    return f'{folder} has the files of {", ".join(said)}, and the replacements.'


def _archives(base_url: str, part: str, folder: Path) -> list[str]:
    """Return the URLs of a part's archives, by its published list."""
    path = folder / f'k400_{part}_path.txt'
    url = f'{base_url}{part}/{path.name}'
    _fetch_list(url, path)
    names = [PurePosixPath(urlsplit(line).path).name for line in path.read_text().split()]
    if not names or not all(name.endswith(('.tar.gz', '.tgz')) for name in names):
        path.unlink()
        raise DataError(
            f'{url} is no list of archives (.tar.gz). `--base-url` names the folder of the files.'
        )
    return [f'{base_url}{part}/{name}' for name in names]


def _fetch_list(url: str, path: Path) -> None:
    if not path.exists():
        fetch_file(url, path)
