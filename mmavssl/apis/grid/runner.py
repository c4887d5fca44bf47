"""Run a grid: each row with each seed, in processes of their own."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mmavssl.apis.grid.children import run_child, tail
from mmavssl.apis.grid.config_hash import config_hash
from mmavssl.apis.grid.grid_file import Grid, Row
from mmavssl.apis.grid.made import digest_of, hashes
from mmavssl.apis.grid.moves import options_of_run
from mmavssl.apis.grid.records import (
    Record,
    key_of,
    read_records,
    results_elsewhere,
    results_file,
    write_record,
)
from mmavssl.apis.grid.run_one import Run, RunError, Tools, run_one
from mmavssl.apis.grid.sources import difference, outside
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.progress import followed, progress_bar
from mmavssl.utils.roles import ROLES


@dataclass
class GridRunner:
    """Runs what is still to be run of a grid.

    Attributes:
        grid: what is run.
        tools: what it is run with.
        results: folder of the result files.
        work_dir: from the root of the repository; gets a folder for each run.
        say: takes a line on each step.
        resume: leave out what has a result for the same config.
        overwrite: run everything anew; results are replaced one by one.
        progress: show bars.
    """

    grid: Grid
    tools: Tools
    results: Path
    work_dir: Path
    say: Callable[[str], None]
    resume: bool = False
    overwrite: bool = False
    progress: bool = False

    def run(
        self, seeds: Sequence[int], only: Sequence[str] | None = None, order: str = 'seeds'
    ) -> dict[str, str]:
        """Run the grid; a run that fails does not keep the others from being run.

        Args:
            seeds: of the runs.
            only: names of rows; by default all.
            order: ``seeds``: all rows with the first seed, then with the next; ``rows``: all
                seeds of the first row, then of the next.

        Returns:
            Why runs have failed, by their names.

        Raises:
            ConfigError: a mistake in a config, or there are results and it is not said what to
                do with them.
            DataError: a preparation has failed.
        """
        runs = self.plan(self.grid.choose(only), seeds, order)
        todo = self.without_known(runs)
        if todo:
            self.prepare(list(dict.fromkeys(run.seed for run in todo)))
        failures, known = {}, len(runs) - len(todo)
        with progress_bar('Running', len(runs), known, self.progress) as advance:
            for number, run in followed(enumerate(todo, 1), advance):
                self.say(f'[{number}/{len(todo)}] {run.row.name}, seed {run.seed}')
                try:
                    record = self.run_one(run)
                except (RunError, ConfigError, DataError) as error:
                    failures[run.name] = str(error)
                    self.say(f'  failed: {error}')
                    continue
                except Exception as error:  # damaged files, a full disk: the others may still go
                    failures[run.name] = f'{type(error).__name__}: {error}'
                    self.say(f'  failed: {failures[run.name]}\n{traceback.format_exc()}')
                    continue
                self.keep(record)
                self.say(f'  {describe(record)}')
        return failures

    def run_one(self, run: Run) -> Record:
        """Train and test with what is prepared."""
        sources = {'made': hashes(self.grid.prepare, run.seed, self.tools.root)}
        if found := self.outside(run):
            sources['outside'] = found
        return run_one(run, self.work_dir / run.name, self.tools, sources, self.overwrite)

    def outside(self, run: Run) -> dict[str, dict[str, str]]:
        """Return what a run reads outside of the repository."""
        return outside(self.tools.root / run.row.config, run.options, self.tools.root)

    def plan(self, rows: Sequence[Row], seeds: Sequence[int], order: str) -> list[Run]:
        """Return all runs in order; reads their configs."""
        pairs = [(row, seed) for row in rows for seed in seeds]
        if order == 'seeds':
            pairs = [(row, seed) for seed in seeds for row in rows]
        root, runs = self.tools.root, []
        for row, seed in pairs:
            options = options_of_run(self.grid, row, seed, root)
            digest = config_hash(root / row.config, options, row.test_options, root)
            runs.append(Run(row, seed, options, digest))
        return runs

    def without_known(self, runs: Sequence[Run]) -> list[Run]:
        """Return the runs that have no result yet; those of other grids are taken over.

        Raises:
            ConfigError: there are results, and neither ``resume`` nor ``overwrite``.
        """
        if self.overwrite:
            return list(runs)
        path = results_file(self.results, self.grid.name)
        known = {key_of(record): record for record in read_records(path)}
        if known and not self.resume:
            raise ConfigError(
                f'{path} has results already. --resume runs what is missing, --overwrite '
                'everything anew.'
            )
        todo, digest = [], cache(digest_of)
        for run in runs:
            own, title = known.get((run.row.name, run.seed)), f'{run.row.name}, seed {run.seed}'
            if own and own['config_hash'] == run.config_hash:
                why = self.difference(run, own, digest)
                if why is None:
                    continue
                self.say(f'{title}: again, as {why}')
            other = self.find_elsewhere(run, digest)
            if other is None:
                todo.append(run)
                continue
            self.say(f'{title}: as {other["row"]} of {other["grid"]}')
            self.keep({**other, 'row': run.row.name, 'taken_from': other['grid']})
        self.say(f'{len(runs) - len(todo)} of {len(runs)} runs have a result.')
        return todo

    def difference(self, run: Run, record: Record, digest: Callable) -> str | None:
        """Return in which way a result of the config of a run was made from something else."""
        return difference(record, lambda: self.outside(run), self.tools.root, digest)

    def find_elsewhere(self, run: Run, digest: Callable) -> Record | None:
        """Return the result of another grid for the same config, seed and sources, if any."""
        found = results_elsewhere(self.results, self.grid.name, run.config_hash, run.seed)
        return next((each for each in found if not self.difference(run, each, digest)), None)

    def prepare(self, seeds: Sequence[int]) -> None:
        """Make what the configs need and is not there.

        Raises:
            DataError: a command has failed, or has not made what it should.
        """
        root, log = self.tools.root, self.tools.root / self.work_dir / 'prepare.log'
        log.parent.mkdir(parents=True, exist_ok=True)
        steps = [step for part in self.grid.prepare for step in part.of_seeds(seeds)]
        with progress_bar('Preparing', len(steps), shown=self.progress) as advance:
            for step in followed(steps, advance):
                if (root / step.makes).exists():
                    continue
                self.say(step.command)
                outcome = run_child(self.tools.words(step.command), log, root)
                if outcome.status or not (root / step.makes).exists():
                    end = (tail(log) or ['no output'])[-1]
                    raise DataError(
                        f'{step.command} ended with status {outcome.status} and '
                        f'{"with" if (root / step.makes).exists() else "without"} {step.makes} '
                        f'(see {log}): {end}'
                    )

    def keep(self, record: Record) -> None:
        """Add a result to the file of the grid."""
        path = results_file(self.results, self.grid.name)
        write_record(path, {'grid': self.grid.name, **record, **{'grid': self.grid.name}})


def describe(record: Record) -> str:
    """Return a result in a line."""
    networks = [
        f'{network} {record[network]["last"]["top1"]:.1f} %'
        for network in ROLES
        if record[network]
    ]
    return f'{", ".join(networks)}; trained {record["train_seconds"]:.0f} s'
