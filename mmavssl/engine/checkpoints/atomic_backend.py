"""MMEngine's local storage, where a checkpoint is there as a whole or not at all."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from mmavssl.engine.checkpoints.sidecar import Sidecar
from mmavssl.utils.atomic_write import write_atomically

NAME = 'atomic'


class AtomicBackend(LocalBackend):
    """Local files, of which checkpoints have a `Sidecar`.

    Args:
        epoch: epochs that were complete when the files to be written were made.
        iter: iterations that were made by then.
    """

    def __init__(self, epoch: int = 0, iter: int = 0) -> None:
        self.epoch = epoch
        self.iter = iter

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write a checkpoint and its sidecar.

        The old sidecar, if any, goes first: whenever the machine stops, there is none, or one that
        belongs to the file.

        Raises:
            CheckpointError: the system refuses; a file that was there stays.
        """
        path = Path(filepath)
        sidecar = Sidecar.of(obj, self.epoch, self.iter)
        if Sidecar.read(path) != sidecar:
            Sidecar.path_of(path).unlink(missing_ok=True)
        write_atomically(path, obj)
        sidecar.write(path)

    def remove(self, filepath: str | Path) -> None:
        """Remove a checkpoint and its sidecar."""
        super().remove(filepath)
        Sidecar.path_of(Path(filepath)).unlink(missing_ok=True)


register_backend(NAME, AtomicBackend, force=True)
