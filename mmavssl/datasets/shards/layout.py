"""Names of the files in a folder of shards, and what ``shards.json`` says."""

import json
from pathlib import Path

from mmavssl.utils.errors import DataError

FORMAT = 1
SHARD = 'shard-{:06d}.tar'
INDEX = 'index.npy'
FACTS = 'shards.json'
CHECKSUMS = 'shards.sha256'
MANIFEST = 'manifest.csv'
CLASSES = 'classes.txt'
MISSING = 'missing.csv'
UNFINISHED = 'packing'  # folder of what a run needs to go on; gone when all is packed


def read_facts(root: str | Path) -> dict:
    """Return what ``shards.json`` says.

    Raises:
        DataError: no shards there, not all of them, or of a later version.
    """
    root = Path(root)
    path = root / FACTS
    if not path.is_file():
        remedy = 'Write it with tools/data/pack_shards.py, or correct `root` of `backend_args`.'
        if (root / UNFINISHED).is_dir():
            remedy = 'Packing has not ended: the same command of pack_shards.py goes on.'
        raise DataError(f'{path} does not exist; it tells of a folder of shards. {remedy}')
    try:
        facts = json.loads(path.read_text('utf-8'))
        version = facts['format']
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{path} cannot be read: {error!r}. Copy the folder again, or pack it again.'
        ) from None
    if version != FORMAT:
        raise DataError(
            f'{path} is of format {version!r}, but this version of mmavssl reads format {FORMAT}. '
            'Pack the files again, or use the version that packed them.'
        )
    return facts
