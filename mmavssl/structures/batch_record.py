"""What is needed to make a training batch once more, as a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from mmavssl.structures.draw_index import DrawIndex
from mmavssl.utils.errors import DataError


class BatchRecord(NamedTuple):
    """A batch of a run.

    Attributes:
        iter: iterations before it.
        epoch: epochs before it.
        rank: of the process.
        seed: of the run.
        losses: what the iteration gave.
        draws: of its samples.
        paths: of their videos, for readers.
        step_seed: of the model's random numbers (`StepSeedHook`).
        data_seeds: that the config gives to data sets, by their place in it.
        loss_weights: of the algorithm in this iteration, which hooks may change.
        optim_wrapper: class of the optimizer wrapper, which says in what precision it computes.
        device: kind of it, such as ``cuda``; each has other random numbers.

    Records of older versions have None for what they lack; `step_seed` is also None where a run
    has no such hook.
    """

    iter: int
    epoch: int
    rank: int
    seed: int
    losses: dict[str, float]
    draws: list[DrawIndex]
    paths: list[str]
    step_seed: int | None = None
    data_seeds: dict[str, int] | None = None
    loss_weights: dict[str, float] | None = None
    optim_wrapper: str | None = None
    device: str | None = None

    def write(self, folder: Path) -> Path:
        """Write it as ``iter_<n>_rank<r>.json`` and return the path."""
        path = folder / f'iter_{self.iter}_rank{self.rank}.json'
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self._asdict(), indent=2) + '\n')
        return path

    @classmethod
    def read(cls, path: Path) -> BatchRecord:
        """Read it.

        Raises:
            DataError: no such file, or another kind of file.
        """
        try:
            fields = json.loads(path.read_text())
            record = cls(**fields)
            return record._replace(draws=[DrawIndex(*draw) for draw in record.draws])
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f'{path} is no record of a batch ({error}).') from error
