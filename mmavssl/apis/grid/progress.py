"""How far a run of a grid has come, in a file of its work dir."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from mmavssl.apis.grid.sources import Sources
from mmavssl.utils.atomic_write import write_atomically
from mmavssl.utils.errors import ConfigError


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        config_hash: of the config that is run there.
        trained: whether training is complete.
        train_seconds: of all attempts.
        peak_mb: the most of all attempts.
        commit: of each attempt, once.
        sources: what the run reads; None of one that was begun when this was not recorded.
    """

    config_hash: str
    trained: bool = False
    train_seconds: float = 0.0
    peak_mb: float = 0.0
    commit: str = ''
    sources: Sources | None = None

    FILE = 'grid_run.json'

    @classmethod
    def of(cls, folder: Path, config_hash: str, sources: Sources, anew: bool) -> 'Progress':
        """Return the progress of a run; what another one has left in the folder is removed.

        Args:
            folder: work dir of the run.
            config_hash: of the config.
            sources: what the run reads; one that has read something else is another one.
            anew: remove what there is in any case.

        Raises:
            ConfigError: the folder has files, but no grid has made it.
        """
        file = folder / cls.FILE
        found = cls(**json.loads(file.read_text())) if file.exists() else None
        if found is None and folder.exists() and any(folder.iterdir()):
            raise ConfigError(
                f'{folder} has files, but no {cls.FILE}: no grid has made it. Move it away.'
            )
        is_same = found is not None and found.config_hash == config_hash
        if is_same and found.sources in (None, sources) and not anew:
            found.sources = sources
            return found
        shutil.rmtree(folder, ignore_errors=True)
        progress = cls(config_hash, sources=sources)
        progress.write(folder)
        return progress

    def write(self, folder: Path) -> None:
        """Write it into the work dir."""
        text = json.dumps(asdict(self), indent=1) + '\n'
        write_atomically(folder / self.FILE, text.encode())


def joined(before: str, now: str) -> str:
    """Return the commits of the attempts of a run.

    >>> joined('', 'a1'), joined('a1', 'a1'), joined('a1', 'b2')
    ('a1', 'a1', 'a1 b2')
    """
    return before if now in before.split() else f'{before} {now}'.strip()
