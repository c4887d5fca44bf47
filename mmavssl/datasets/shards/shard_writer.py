"""Write one shard with the library ``webdataset``."""

import hashlib
import os
import tarfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from mmavssl.datasets.shards.layout import SHARD
from mmavssl.datasets.shards.packed_sample import PackedSample
from mmavssl.datasets.shards.shard_index import Place, make_records
from mmavssl.utils.errors import ConfigError


class ShardWriter:
    """A shard that is being written; it gets its name when it is complete.

    Nothing in it depends on when or by whom it is written: the same files give the same bytes.

    Args:
        folder: of the shards.
        number: of this one.

    Raises:
        ConfigError: ``webdataset`` is not installed.
    """

    def __init__(self, folder: Path, number: int) -> None:
        check_webdataset()
        from webdataset import TarWriter

        self.number = number
        self.path = folder / SHARD.format(number)
        self.unfinished = self.path.with_suffix('.tar.part')
        self.file = _HashingFile(self.unfinished)
        self.tar = TarWriter(self.file, encoder=False, compress=False, mtime=0)
        self.size = tarfile.RECORDSIZE  # what the end takes at most
        self.samples = 0
        self.paths: dict[str, str] = {}

    def add(self, sample: PackedSample) -> None:
        """Append a sample."""
        self.tar.write({'__key__': sample.key, **sample.contents})
        self.size += sample.tar_size
        self.samples += 1
        self.paths.update({f'{sample.key}.{s}': path for s, path in sample.paths.items()})

    def finish(self) -> tuple[dict, np.ndarray]:
        """Close the shard and give it its name.

        Returns:
            Its facts for ``shards.json``, and the records of its files for the index.
        """
        self.tar.close()
        self.file.close()
        # What the index says is what a reader of the tar finds.
        with tarfile.open(self.unfinished, 'r:') as tar:
            found = {
                member.name: Place(self.number, member.offset_data, member.size) for member in tar
            }
        records = make_records(self.paths.values(), [found[name] for name in self.paths])
        facts = {
            'file': self.path.name,
            'samples': self.samples,
            'bytes': self.unfinished.stat().st_size,
            'sha256': self.file.sha256.hexdigest(),
        }
        self.unfinished.replace(self.path)
        return facts, records

    def abandon(self) -> None:
        """Close the unfinished file, which the next run writes anew."""
        with suppress(OSError):  # the disk may be full
            self.file.file.close()


class _HashingFile:
    """A file that is written to once, from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        self.file = path.open('wb')
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> None:
        if self.file.closed:
            return  # a tar that was abandoned writes its end when it is collected
        self.sha256.update(data)
        self.file.write(data)

    def close(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()


def check_webdataset() -> None:
    """Raise if the library is missing.

    Raises:
        ConfigError: it is.
    """
    try:
        import webdataset  # noqa: F401
    except ImportError:
        raise ConfigError(
            'Packing needs the library webdataset (reading shards does not): '
            'pip install "webdataset>=0.2.86"'
        ) from None
