"""Train and test one config with one seed, going on where an earlier attempt stopped."""

import json
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from mmavssl.apis.grid.children import Outcome, run_child, tail
from mmavssl.apis.grid.grid_file import Row, with_seed
from mmavssl.apis.grid.progress import Progress, joined
from mmavssl.apis.grid.records import Record
from mmavssl.apis.grid.run_log import best_metrics, by_network, means_at_the_end
from mmavssl.apis.grid.sources import Sources
from mmavssl.utils.machine import describe_machine
from mmavssl.utils.roles import ROLES
from mmavssl.utils.scalar_log import read_run

FAILURE = 'failure.log'


class Tools(NamedTuple):
    """What runs are made with.

    Attributes:
        root: of the repository: where commands run.
        python: the interpreter.
        train: the tool, from the root.
        test: the other tool.
    """

    root: Path
    python: str = sys.executable
    train: str = 'tools/train.py'
    test: str = 'tools/test.py'

    def words(self, command: str) -> list[str]:
        """Return the words of a command as one types it, with this interpreter as ``python``."""
        first, *others = shlex.split(command)
        return [self.python if first == 'python' else first, *others]


@dataclass(frozen=True)
class Run:
    """A row with a seed.

    Attributes:
        row: of the grid.
        seed: of the run.
        options: of the grid and the row, with the seed.
        config_hash: of the config with these options.
    """

    row: Row
    seed: int
    options: Sequence[str]
    config_hash: str

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f'{self.row.name}_{self.seed}'


class RunError(RuntimeError):
    """A run has not come to its end; the message says why, and where its output is."""


def run_one(
    run: Run, folder: Path, tools: Tools, sources: Sources, anew: bool = False
) -> Record:
    """Train and test, and return the result.

    Args:
        run: what is run.
        folder: work dir from the root of the repository.
        tools: what it is run with.
        sources: what it reads.
        anew: begin again, even if there is a checkpoint.

    Raises:
        RunError: a tool has failed; the end of its output is in ``failure.log``.
        ConfigError: see `Progress.of`.
        DataError: see `read_run`.
    """
    place = tools.root / folder
    progress = Progress.of(place, run.config_hash, sources, anew)
    machine = describe_machine()
    progress.commit = joined(progress.commit, machine['commit'])
    if not progress.trained:
        train(run, folder, tools, progress)
    tested, metrics = test(run, folder, tools)
    (place / FAILURE).unlink(missing_ok=True)
    last, lines = by_network(metrics), read_run(place)
    best = best_metrics(lines)
    return {
        'row': run.row.name,
        'config': run.row.config,
        'options': [*run.options],
        'test_options': [with_seed(option, run.seed) for option in run.row.test_options],
        'config_hash': run.config_hash,
        'commit': progress.commit,
        'seed': run.seed,
        **{
            network: {'last': last[network], 'best': best.get(network)}
            if network in last
            else None
            for network in ROLES
        },
        'train_seconds': round(progress.train_seconds, 1),
        'test_seconds': round(tested.seconds, 1),
        'peak_mb': progress.peak_mb,
        'log': means_at_the_end(lines),
        'machine': machine,
        'finished': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        **sources,
    }


def train(run: Run, folder: Path, tools: Tools, progress: Progress) -> None:
    """Train to the end, from the newest checkpoint where there is one."""
    words = [tools.train, run.row.config, '--work-dir', str(folder), '--resume']
    begin = time.monotonic()
    try:
        outcome = call(words, run.options, folder, 'train', tools)
        progress.peak_mb = max(progress.peak_mb, outcome.peak_mb)
        progress.trained = outcome.status == 0
    finally:  # also of a run that is stopped
        progress.train_seconds += time.monotonic() - begin
        progress.write(tools.root / folder)
    check(outcome, folder, 'train', tools)


def test(run: Run, folder: Path, tools: Tools) -> tuple[Outcome, dict[str, float]]:
    """Test both networks of the last checkpoint."""
    note, out = tools.root / folder / 'last_checkpoint', folder / 'test.json'
    if not note.exists():
        raise RunError(f'{note} is not there: training has left no checkpoint')
    words = [
        tools.test, run.row.config, str(folder / Path(note.read_text().strip()).name),
        '--use', 'both', '--work-dir', str(folder / 'test'), '--out', str(out),
    ]  # fmt: skip
    test_options = [with_seed(option, run.seed) for option in run.row.test_options]
    outcome = call(words, [*run.options, *test_options], folder, 'test', tools)
    check(outcome, folder, 'test', tools)
    metrics = json.loads((tools.root / out).read_text())
    if not by_network(metrics).get('student'):
        raise RunError(f'{out} has no metric student/...: {", ".join(metrics)}')
    return outcome, metrics


def call(
    words: Sequence[str], options: Sequence[str], folder: Path, step: str, tools: Tools
) -> Outcome:
    """Run a tool with its output in ``<step>.log``, which begins with the command."""
    command = [*words, *(['--cfg-options', *options] if options else [])]
    log = tools.root / folder / f'{step}.log'
    with log.open('a') as file:
        file.write(f'$ python {shlex.join(command)}\n')
    return run_child([tools.python, *command], log, tools.root)


def check(outcome: Outcome, folder: Path, step: str, tools: Tools) -> None:
    """Write ``failure.log`` and raise if a tool has failed."""
    if outcome.status == 0:
        return
    place = tools.root / folder
    lines = tail(place / f'{step}.log')
    (place / FAILURE).write_text(
        f'{step} failed with status {outcome.status}. The end of {step}.log:\n'
        + '\n'.join(lines) + '\n'
    )  # fmt: skip
    raise RunError(
        f'{step} failed with status {outcome.status} (see {folder / FAILURE}): '
        f'{lines[-1] if lines else "no output"}'
    )
