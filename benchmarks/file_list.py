"""Measure what a long file list costs: seconds and memory to open it, memory of the workers."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from machine import describe_machine, memory

if TYPE_CHECKING:
    from mmavssl.datasets import AVDataset

NUM_CLASSES = 400
BATCH = 500
MB = 2**20


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rows', type=int, default=10_000_000, help='length of the list')
    parser.add_argument(
        '--draws', type=int, default=200_000, help='clips that the workers look up, all together'
    )
    parser.add_argument(
        '--workers', type=int, nargs='+', default=[2, 8], help='numbers of workers to measure'
    )
    parser.add_argument('--json', action='store_true', help='print JSON instead of a table')
    parser.add_argument('--folder', help=argparse.SUPPRESS)  # of the list: this measures
    return parser.parse_args(argv)


def write_list(folder: Path, rows: int) -> None:
    """Write a list with paths as Kinetics-400 has them; there are no videos."""
    names = [f'class_{label:03d}' for label in range(NUM_CLASSES)]
    (folder / 'classes.txt').write_text('\n'.join(names) + '\n')
    with open(folder / 'list.csv', 'w', encoding='utf-8') as file:
        file.write('path,label\n')
        for row in range(rows):
            label = row % NUM_CLASSES
            name = row * 2654435761 % 2**40  # an odd factor: no name comes twice
            file.write(f'videos/{names[label]}/{name:011x}_000010_000020.mp4,{label}\n')


def measure(args: argparse.Namespace) -> dict:
    """Open the list in this process, which must be a fresh one, then start workers."""
    from mmavssl.datasets import AVDataset

    base = own_peak()
    begin = time.perf_counter()
    dataset = AVDataset(ann_file='list.csv', data_root=args.folder, source='labeled')
    seconds = time.perf_counter() - begin
    return {
        'rows': len(dataset),
        'list_mb': round((Path(args.folder) / 'list.csv').stat().st_size / MB, 1),
        'open_seconds': round(seconds, 2),
        'peak_gb': round(own_peak() / 2**30, 3),
        'peak_before_gb': round(base / 2**30, 3),
        'table_mb': round(dataset.data_list.table.nbytes / MB, 1),
        'workers': [measure_workers(dataset, count, args.draws) for count in args.workers],
        'machine': describe_machine(),
    }


def measure_workers(dataset: AVDataset, num_workers: int, draws: int) -> dict:
    """Let workers look up clips all over the list; what is theirs alone should not grow."""
    from torch.utils.data import DataLoader

    from mmavssl.datasets import EpochSampler, av_worker_init_fn

    loader = DataLoader(
        dataset,
        batch_size=BATCH,
        sampler=EpochSampler(dataset, epoch_size=draws),
        num_workers=num_workers,
        collate_fn=len,
        worker_init_fn=av_worker_init_fn,
        multiprocessing_context='fork',
    )
    begin = time.perf_counter()
    iterator = iter(loader)
    looked_up = sum(next(iterator) for _ in range(num_workers))  # all have begun
    before = [memory(child.pid) for child in multiprocessing.active_children()]
    # The workers end with the iterator, so the last batch waits.
    looked_up += sum(next(iterator) for _ in range(len(loader) - num_workers - 1))
    after = [memory(child.pid) for child in multiprocessing.active_children()]
    looked_up += sum(iterator)
    return {
        'num_workers': num_workers,
        'draws': looked_up,
        'seconds': round(time.perf_counter() - begin, 2),
        'worker_private_mb': [uss for uss, _ in after],
        'worker_private_growth_mb': growth(before, after, 0),
        'worker_pss_mb': [pss for _, pss in after],
        'worker_pss_growth_mb': growth(before, after, 1),
    }


def growth(before: list[tuple], after: list[tuple], column: int) -> list[float]:
    """Subtract, worker by worker."""
    pairs = zip(before, after, strict=True)
    return [round(late[column] - early[column], 1) for early, late in pairs]


def own_peak() -> int:
    """Return the peak of resident memory of this process, in bytes.

    `resource.getrusage` would tell that of the process before ``exec`` too.
    """
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith('VmHWM:'))


def as_table(facts: dict) -> str:
    """Return the figures as lines of text."""
    lines = [
        f'rows               {facts["rows"]:,} ({facts["list_mb"]:,.0f} MB of text)',
        f'open               {facts["open_seconds"]:.1f} s',
        f'peak memory        {facts["peak_gb"]:.2f} GB ({facts["peak_before_gb"]:.2f} before)',
        f'table in memory    {facts["table_mb"]:,.0f} MB',
    ]
    for run in facts['workers']:
        lines.append(
            f'{run["num_workers"]:2d} workers         '
            f'private {max(run["worker_private_mb"]):.0f} MB each at most, '
            f'{max(run["worker_private_growth_mb"]):+.1f} MB by {run["draws"]:,} draws; '
            f'PSS {max(run["worker_pss_mb"]):.0f} MB, {max(run["worker_pss_growth_mb"]):+.1f} MB'
        )
    return '\n'.join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    if args.folder:
        print(json.dumps(measure(args)))
        return 0
    with TemporaryDirectory() as folder:
        write_list(Path(folder), args.rows)
        options = ['--folder', folder, '--draws', args.draws, '--workers', *args.workers]
        command = [sys.executable, __file__, *map(str, options)]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    facts = json.loads(run.stdout.splitlines()[-1])
    print(json.dumps(facts, indent=2) if args.json else as_table(facts))
    return 0


if __name__ == '__main__':
    sys.exit(main())
