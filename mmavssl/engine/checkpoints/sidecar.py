"""What is known of a checkpoint besides it: a small JSON file that tells whether it is whole."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import NamedTuple

from mmavssl.utils.atomic_write import write_atomically
from mmavssl.utils.file_hash import sha256_of

SUFFIX = '.json'


class Sidecar(NamedTuple):
    """Facts about a checkpoint.

    Attributes:
        sha256: of the file.
        size: of the file in bytes.
        epoch: epochs that were complete.
        iter: iterations that were made.
    """

    sha256: str
    size: int
    epoch: int
    iter: int

    @staticmethod
    def path_of(checkpoint: Path) -> Path:
        """Return where the facts about a checkpoint are."""
        return checkpoint.with_name(f'{checkpoint.name}{SUFFIX}')

    @classmethod
    def of(cls, content: bytes, epoch: int, iter: int) -> Sidecar:
        """Return the facts about a checkpoint that is to be written."""
        return cls(hashlib.sha256(content).hexdigest(), len(content), epoch, iter)

    @classmethod
    def read(cls, checkpoint: Path) -> Sidecar | None:
        """Return the facts about a checkpoint, None if there are none that can be used."""
        try:
            facts = cls(**json.loads(cls.path_of(checkpoint).read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return facts if tuple(map(type, facts)) == (str, int, int, int) else None

    def write(self, checkpoint: Path) -> None:
        """Write the facts beside the checkpoint."""
        text = json.dumps(self._asdict(), indent=2) + '\n'
        write_atomically(self.path_of(checkpoint), text.encode())


def describe_damage(checkpoint: Path) -> str | None:
    """Return why a checkpoint cannot be used, None where it is as it was written.

    Without a sidecar, as of MMEngine's own hook or where a run was killed between the two, the
    check sums of the archive itself are compared.
    """
    try:
        sidecar = Sidecar.read(checkpoint)
        if sidecar is None:
            return _damage_of_archive(checkpoint)
        size = checkpoint.stat().st_size
        if size != sidecar.size:
            return f'it has {size} bytes instead of {sidecar.size}'
        return None if sha256_of(checkpoint) == sidecar.sha256 else 'its content has changed'
    except OSError as error:
        return f'it cannot be read ({error.strerror})'


def _damage_of_archive(checkpoint: Path) -> str | None:
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            broken = archive.testzip()
    except OSError:
        raise
    except zipfile.BadZipFile as error:
        return f'it was not written to its end ({error})'
    except Exception as error:  # of many kinds: zipfile believes what a damaged directory says
        return f'it is damaged ({type(error).__name__}: {error})'
    return f'{broken} in it has changed' if broken else None
