"""Files of a storage that are opened several times, and fetched once."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from mmavssl.datasets.readers.storage import fetch


class FetchedFiles:
    """Keeps files in a folder for as long as somebody needs them.

    Processes that load share it. Where it cannot be written, a file is fetched again.

    Args:
        folder: of nothing else.
        needed: the files, each as often as it will be `release`d.
        openings: how often each of these opens it; a file that is opened once is not kept.
    """

    def __init__(self, folder: str | Path, needed: Iterable[str], openings: int = 1) -> None:
        self.folder = Path(folder)
        self.openings = openings
        self._needed = Counter(needed)

    def get(self, path: str, backend_args: Mapping[str, Any] | None = None) -> bytes:
        """Return the content of a file; arguments and errors as `fetch`."""
        file = self._file(path)
        with suppress(FileNotFoundError):
            return file.read_bytes()
        content = fetch(path, backend_args)
        if self._needed[path] * self.openings < 2:
            return content
        own = file.with_suffix(f'.{os.getpid()}')  # another process may fetch the same one
        try:
            own.write_bytes(content)
            own.replace(file)
        except OSError:  # such as a full disk
            own.unlink(missing_ok=True)
        return content

    def release(self, paths: Iterable[str]) -> None:
        """Delete those files that nobody needs from now on."""
        for path in paths:
            self._needed[path] -= 1
            if self._needed[path] <= 0:
                self._file(path).unlink(missing_ok=True)

    def _file(self, path: str) -> Path:
        return self.folder / sha256(os.fsencode(path)).hexdigest()
