"""How far packing has come, on the disk, so that a run that was stopped goes on."""

import json
import shutil
from pathlib import Path

import numpy as np

from mmavssl.datasets.shards import layout
from mmavssl.datasets.shards.shard_writer import ShardWriter
from mmavssl.utils.errors import ConfigError

INPUTS = 'inputs.json'


class PackingState:
    """The shards of a folder that are complete.

    Args:
        folder: of the shards.
        inputs: what the shards follow from.
        overwrite: replace shards that are complete, or of other inputs.

    Attributes:
        shards: facts about each complete shard, with ``until``, the number of the first file that
            comes after it, and ``missing``, the files before that one that were left out.

    Raises:
        ConfigError: the folder has something else in it.
    """

    def __init__(self, folder: Path, inputs: dict, overwrite: bool) -> None:
        self.folder, self.inputs = folder, inputs
        self.unfinished = folder / layout.UNFINISHED
        self._check_folder(overwrite)
        self.unfinished.mkdir(parents=True, exist_ok=True)
        _replace(self.unfinished / INPUTS, json.dumps(inputs))
        self.shards: list[dict] = []
        while (facts := self._facts(len(self.shards))) is not None:
            self.shards.append(facts)

    @property
    def position(self) -> int:
        """Number of the first file that is in no complete shard."""
        return self.shards[-1]['until'] if self.shards else 0

    @property
    def missing(self) -> list[list]:
        """Files that were left out, each as a number, a path and a reason."""
        return [row for shard in self.shards for row in shard['missing']]

    def begin_shard(self) -> ShardWriter:
        """Return a writer of the next shard."""
        return ShardWriter(self.folder, len(self.shards))

    def finish_shard(self, writer: ShardWriter, until: int, missing: list[list]) -> None:
        """Complete a shard."""
        facts, records = writer.finish()
        np.save(self._part('npy'), records)
        facts = {**facts, 'until': until, 'missing': missing}
        _replace(self._part('json'), json.dumps(facts))  # now it counts
        self.shards.append(facts)

    def records(self) -> list[np.ndarray]:
        """Return the places of all files, shard by shard."""
        return [np.load(self._part('npy', number)) for number in range(len(self.shards))]

    def close(self) -> None:
        """Forget the way here: all is written."""
        shutil.rmtree(self.unfinished)

    def _part(self, suffix: str, number: int | None = None) -> Path:
        number = len(self.shards) if number is None else number
        return self.unfinished / f'{number:06d}.{suffix}'

    def _facts(self, number: int) -> dict | None:
        try:
            facts = json.loads(self._part('json', number).read_text('utf-8'))
            size = (self.folder / layout.SHARD.format(number)).stat().st_size
        except FileNotFoundError:
            return None
        return facts if size == facts['bytes'] else None

    def _check_folder(self, overwrite: bool) -> None:
        found = self._inputs_found()
        if found == self.inputs and self.unfinished.is_dir():
            return
        if found is not None and overwrite:
            clear(self.folder)
        elif found is not None:
            raise ConfigError(
                f'{self.folder} has shards of another list or with other options. Choose another '
                'folder, or replace them with --overwrite.'
            )
        elif self.folder.is_dir() and any(self.folder.iterdir()):
            raise ConfigError(
                f'{self.folder} has files in it, but no shards. Choose a new folder: '
                f'{layout.MANIFEST} and {layout.CLASSES} are written to it as well.'
            )

    def _inputs_found(self) -> dict | None:
        """Return what the shards there follow from; {}: nobody knows; None: there are none."""
        path = self.unfinished / INPUTS
        if path.is_file():
            return json.loads(path.read_text('utf-8'))
        shards = self.folder.glob('shard-*.tar')
        return {} if (self.folder / layout.FACTS).is_file() or any(shards) else None


def clear(folder: Path) -> None:
    """Remove shards and what belongs to them; the index of complete ones goes first."""
    for name in (layout.FACTS, layout.INDEX, layout.CHECKSUMS, layout.MANIFEST, layout.CLASSES,
                 layout.MISSING):  # fmt: skip
        (folder / name).unlink(missing_ok=True)
    for pattern in ('shard-*.tar', 'shard-*.tar.part'):
        for path in folder.glob(pattern):
            path.unlink()
    shutil.rmtree(folder / layout.UNFINISHED, ignore_errors=True)


def _replace(path: Path, text: str) -> None:
    """Write a file that is there as a whole, or not at all."""
    draft = path.with_name(path.name + '.part')
    draft.write_text(text, encoding='utf-8')
    draft.replace(path)
