"""Files of a storage that are opened several times, and fetched once."""

import fcntl
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from mmavssl.datasets.readers.storage import fetch

MAX_KEPT = 2**31  # bytes of all files that are kept at a time


class FetchedFiles:
    """Keeps files in a folder for as long as somebody needs them.

    Processes that load share it. Where it cannot be written, or has `MAX_KEPT` already, a file is
    fetched again.

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
        with self._locked(file.with_suffix('.lock')):
            with suppress(FileNotFoundError):
                return file.read_bytes()
            content = fetch(path, backend_args)
            if self._needed[path] * self.openings > 1:
                self._keep(file, content)
            return content

    def release(self, paths: Iterable[str]) -> None:
        """Delete those files that nobody needs from now on."""
        for path in paths:
            self._needed[path] -= 1
            if self._needed[path] <= 0:
                for suffix in ('', '.lock'):
                    self._file(path).with_suffix(suffix).unlink(missing_ok=True)

    @contextmanager
    def _locked(self, lock: Path) -> Iterator[None]:
        """Let other processes wait, which may want the same file."""
        with ExitStack() as stack:
            with suppress(OSError):  # where there are no locks, several fetch it
                opened = stack.enter_context(lock.open('w'))
                fcntl.flock(opened, fcntl.LOCK_EX)
            yield

    def _keep(self, file: Path, content: bytes) -> None:
        part = file.with_suffix('.part')
        try:
            kept = sum(each.stat().st_size for each in self.folder.iterdir())
            if kept + len(content) <= MAX_KEPT:
                part.write_bytes(content)
                part.replace(file)
        except OSError:  # such as a full disk
            part.unlink(missing_ok=True)

    def _file(self, path: str) -> Path:
        return self.folder / sha256(path.encode(errors='surrogatepass')).hexdigest()
