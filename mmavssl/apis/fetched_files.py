"""Files of a storage that are opened twice, and fetched once."""

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from mmavssl.datasets.readers.storage import fetch


class FetchedFiles:
    """Keeps files in a folder from when they are predicted until they are drawn.

    Processes that load share it. Where it cannot be written, a file is fetched again.

    Args:
        folder: of nothing else.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def keep(self, path: str, backend_args: Mapping[str, Any] | None = None) -> bytes:
        """Return the content of a file, and keep it; arguments and errors as `fetch`."""
        file = self._file(path)
        with suppress(FileNotFoundError):
            return file.read_bytes()
        content = fetch(path, backend_args)
        with suppress(OSError):
            own = file.with_suffix(f'.{os.getpid()}')  # another process may fetch the same one
            own.write_bytes(content)
            own.replace(file)
        return content

    def take(self, path: str, backend_args: Mapping[str, Any] | None = None) -> bytes:
        """Return the content of a file, and keep it no longer; arguments and errors as `fetch`."""
        file = self._file(path)
        with suppress(FileNotFoundError):
            content = file.read_bytes()
            file.unlink()
            return content
        return fetch(path, backend_args)

    def _file(self, path: str) -> Path:
        return self.folder / sha256(path.encode()).hexdigest()
