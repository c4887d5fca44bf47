"""Shards as a storage of MMEngine: transforms read packed files as they read others."""

from functools import lru_cache
from pathlib import Path, PurePath

from mmengine.fileio import BaseStorageBackend, register_backend

from mmavssl.datasets.shards.layout import INDEX, MANIFEST, SHARD, read_facts
from mmavssl.datasets.shards.open_shard import OpenShard
from mmavssl.datasets.shards.shard_index import ShardIndex
from mmavssl.utils.errors import DataError

OPEN_SHARDS = 16  # at a time in each process


@register_backend('shards')
class ShardBackend(BaseStorageBackend):
    """Read files from the shards that ``tools/data/pack_shards.py`` has written.

    In a config: ``OpenAVFile(backend_args=dict(backend='shards', root='data/k400_shards'))``.

    Args:
        root: folder of the shards.
        data_root: what the paths of the list are relative to: the data set's ``data_root``, or
            ``data_prefix['video']`` where there is one. None: ``root``, for a data set whose
            ``data_root`` is the folder of the shards.

    Raises:
        DataError: no shards in ``root``, or their index cannot be read.
    """

    def __init__(self, root: str, data_root: str | None = None) -> None:
        self.root = Path(root)
        self.data_root = PurePath(root if data_root is None else data_root)
        self.sizes = [shard['bytes'] for shard in read_facts(root)['shards']]
        self.index = ShardIndex.open(self.root / INDEX)
        self._open_shard = lru_cache(OPEN_SHARDS)(self._open)

    def get(self, filepath: str | Path) -> bytes:
        """Return the content of a file.

        Args:
            filepath: as the data set gives it.

        Raises:
            DataError: not in the shards, or its shard is missing or damaged.
            OSError: the storage fails; it may work a moment later.
        """
        name = self._name(filepath)
        place = self.index.find(name)
        if place is None:
            raise DataError(
                f'{name} is not in the shards of {self.root}, which have {len(self.index)} files; '
                f'{self.root / MANIFEST} lists them. Their paths are those of the list that was '
                f'packed; `data_root` of `backend_args` ({self.data_root}) is taken off before'
            )
        if place.shard >= len(self.sizes) or sum(place[1:]) > self.sizes[place.shard]:
            raise DataError(
                f'{self.root / INDEX} says that {name} is where no shard is: it is damaged, or of '
                'other shards. Copy the folder again.'
            )
        return self._open_shard(place.shard).read(place.offset, place.size)

    def get_text(self, filepath: str | Path, encoding: str = 'utf-8') -> str:
        """Return the content of a text file."""
        return self.get(filepath).decode(encoding)

    def _name(self, filepath: str | Path) -> str:
        path = PurePath(filepath)
        if path.is_relative_to(self.data_root):
            path = path.relative_to(self.data_root)
        return path.as_posix()

    def _open(self, number: int) -> OpenShard:
        return OpenShard(self.root / SHARD.format(number), self.sizes[number])
