"""Probing all files of a data set: in parallel, and once each, over any number of runs."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from mmavssl.datasets.preparation.probe import Probe, probe_file
from mmavssl.datasets.preparation.probe_table import append_probes, read_probes, write_probes
from mmavssl.datasets.preparation.workers import map_files
from mmavssl.utils.progress import progress_bar

Stats = Mapping[str, tuple[int, int]]  # size and time of change by path


def probe_all(
    root: Path,
    stats: Stats,
    table: Path,
    known: Mapping[str, Probe],
    workers: int = 1,
    decode: bool = False,
    progress: bool = False,
    probe: Callable[..., Probe] = probe_file,
) -> dict[str, Probe]:
    """Probe the files that are not known, and write the table.

    Each result is in the table as soon as it is there, so that another run goes on where one was
    stopped, in whatever way.

    Args:
        root: folder of the videos.
        stats: the files to probe.
        table: file to write.
        known: rows that still hold, see `still_valid`.
        workers: number of processes.
        decode: all of each file.
        progress: show a bar.
        probe: of a file, `probe_file`.
    """
    probes = dict(known)
    todo = [path for path in stats if path not in probes]
    write_probes(table, probes)
    job = partial(probe, str(root), decode=decode)
    bar = progress_bar('Reading', len(todo), shown=progress)
    with table.open('a', encoding='utf-8', newline='') as file, bar as advance:
        for path, result in map_files(job, todo, workers):
            probes[path] = result or _crashed(path, *stats[path], decode)
            append_probes(file, [probes[path]])
            advance()
    write_probes(table, probes)
    return probes


def still_valid(
    probes: Iterable[Probe], stats: Stats, decode: bool = False, retry: bool = False
) -> dict[str, Probe]:
    """Choose the rows of files that have not changed since.

    Args:
        probes: rows.
        stats: the files as they are now.
        decode: only those that were decoded as a whole.
        retry: only those without a problem.
    """
    return {
        probe.path: probe
        for probe in probes
        if stats.get(probe.path) == (probe.bytes, probe.mtime_ns)
        and (probe.decoded or not decode)
        and not (retry and (probe.problem or probe.sound_problem))
    }


def table_name(suffix: str, shard: tuple[int, int] | None = None) -> str:
    """Return the name of a table.

    >>> table_name(''), table_name('_unlabeled', (2, 16))
    ('probe.csv', 'probe_unlabeled_2of16.csv')
    """
    return f'probe{suffix}' + ('_{}of{}'.format(*shard) if shard else '') + '.csv'


def read_tables(folder: Path, suffix: str) -> tuple[list[Probe], list[str]]:
    """Read the table and those of shards, and return the names of shards that lack."""
    probes = [*read_probes(folder / table_name(suffix)).values()]
    shards: dict[int, set[int]] = {}
    for path in sorted(folder.glob(f'probe{suffix}_*of*.csv')):
        match = re.fullmatch(rf'probe{suffix}_(\d+)of(\d+)\.csv', path.name)
        if match:
            shards.setdefault(int(match[2]), set()).add(int(match[1]))
            probes += read_probes(path).values()
    lacking = [
        table_name(suffix, (i, n))
        for n, there in sorted(shards.items())
        for i in sorted({*range(1, n + 1)} - there)
    ]
    return probes, lacking


def _crashed(path: str, size: int, mtime_ns: int, decode: bool) -> Probe:
    problem = 'the process that read it died, twice. Fetch or convert the file again; `--retry` '
    problem += 'reads it once more if something else was the reason.'
    return Probe(path, size, mtime_ns, decode, problem=problem)
