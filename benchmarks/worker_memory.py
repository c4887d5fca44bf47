"""Measure the memory of loading workers, and whether it grows over many samples."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from loader import PIPELINES
from machine import describe_machine, memory
from media import KINDS, write_files
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmavssl.datasets import AVDataset, EpochSampler, av_worker_init_fn

NUM_FILES, NUM_CLIPS = 4, 1000


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--samples', type=int, default=20_000)
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--kind', choices=list(KINDS), default='ucf')
    parser.add_argument('--every', type=int, default=1000, help='samples between two readings')
    parser.add_argument('--json', action='store_true', help='print JSON instead of a table')
    return parser.parse_args(argv)


def make_dataset(folder: Path, kind: str) -> AVDataset:
    """Make a list of many names for a few files, and its data set with the shipped pipeline."""
    files = write_files(folder, KINDS[kind], NUM_FILES)
    lines = ['path']
    for number in range(NUM_CLIPS):
        link = folder / f'clip{number}{KINDS[kind].suffix}'
        link.symlink_to(files[number % NUM_FILES])
        lines.append(link.name)
    (folder / 'list.csv').write_text('\n'.join(lines) + '\n')
    (folder / 'classes.txt').write_text('class\n')
    pipeline = Config.fromfile(PIPELINES / 'audio_visual_224.py').unlabeled_pipeline
    return AVDataset('list.csv', data_root=str(folder), pipeline=pipeline, source='unlabeled')


def measure(dataset: AVDataset, args: argparse.Namespace) -> dict:
    """Draw samples and read the memory of the workers now and then."""
    loader = DataLoader(
        dataset,
        batch_size=None,
        sampler=EpochSampler(dataset, epoch_size=args.samples),
        num_workers=args.workers,
        worker_init_fn=av_worker_init_fn,
        multiprocessing_context='fork',
    )
    begin, readings = time.perf_counter(), []
    for number, _ in enumerate(loader, start=1):
        workers = multiprocessing.active_children()
        # With the last samples, workers end.
        if number % args.every == 0 and len(workers) == args.workers:
            private = [memory(worker.pid)[0] for worker in workers]
            readings.append((number, round(max(private), 1)))
    numbers, private = np.array(readings).T
    later = numbers > args.samples // 2  # the allocator has found its sizes by then
    slope = np.polyfit(numbers[later], private[later], 1)[0] if later.sum() > 1 else 0.0
    return {
        'samples': args.samples,
        'seconds': round(time.perf_counter() - begin, 1),
        'workers': args.workers,
        'worker_private_mb': readings,
        'worker_private_max_mb': float(private.max()),
        'growth_mb_per_1000_samples': round(float(slope) * 1000, 3),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    with TemporaryDirectory() as folder:
        result = measure(make_dataset(Path(folder), args.kind), args)
    result = {'machine': describe_machine(), 'kind': args.kind, **result}
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        for number, private in result['worker_private_mb']:
            print(f'{number:8,} samples: {private:8.1f} MB private in the largest worker')
        print(f'growth: {result["growth_mb_per_1000_samples"]:+.3f} MB per 1000 samples')
    return 0


if __name__ == '__main__':
    sys.exit(main())
