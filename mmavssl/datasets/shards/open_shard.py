"""An open shard, from which parts are read."""

import os
from pathlib import Path

from mmavssl.utils.errors import DataError


class OpenShard:
    """Reads parts of a shard; closed when nothing holds it any more.

    Reading at an offset moves no position, so threads and forked processes may share it.

    Args:
        path: of the shard.
        size: what it had when it was packed (bytes).

    Raises:
        DataError: no such file, or of another size.
    """

    def __init__(self, path: str | Path, size: int) -> None:
        self.path = path
        self.handle = -1
        try:
            self.handle = os.open(path, os.O_RDONLY | getattr(os, 'O_CLOEXEC', 0))
        except FileNotFoundError:
            raise DataError(
                f'the shard {path} does not exist, though shards.json lists it. Copy it to there.'
            ) from None
        found = os.fstat(self.handle).st_size
        if found != size:
            state = 'truncated' if found < size else 'changed'
            raise DataError(
                f'the shard {path} is {state}: it has {found} bytes, but {size} were packed. Copy '
                'it again (`sha256sum -c shards.sha256` checks all).'
            )

    def read(self, offset: int, size: int) -> bytes:
        """Return a part.

        Raises:
            OSError: the storage fails; it may work a moment later.
        """
        data = os.pread(self.handle, size, offset)
        while len(data) < size:  # Linux reads 2 GiB at most, network file systems stop anywhere
            more = os.pread(self.handle, size - len(data), offset + len(data))
            if not more:
                raise OSError(f'{self.path} ends at {offset + len(data)}, in the middle of a file')
            data += more
        return data

    def __del__(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)
