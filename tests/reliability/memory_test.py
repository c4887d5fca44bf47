"""Measure whether a run of thousands of iterations grows.

    python -m tests.reliability.memory_test --iterations 2000 [--json]

The resident memory of the training process and of its workers at the end, as the mean of a tenth
of all samples, must be less than 2 % above that after a quarter of the run, when all is allocated.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.reliability.small_run import finish, make_data, start, write_config

LIMIT = 0.02


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--iterations', type=int, default=2000, help='default: 2000')
    parser.add_argument('--json', action='store_true', help='print the result as JSON')
    return parser.parse_args(argv)


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB.

    Its own part of shared pages (``Pss``) would grow without any new page: workers are forks, and
    what they write to is shared by fewer processes from then on.
    """
    text = Path(f'/proc/{pid}/smaps_rollup').read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line[:4] == 'Rss:') / 1000


def sample(pid: int) -> tuple[float, float] | None:
    """Return the memory of a run and of its workers, None where it is just starting or ending."""
    try:
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
        own, workers = resident(pid), sum(resident(int(child)) for child in children)
    except (OSError, StopIteration):
        return None
    return (own, workers) if len(children) == 2 else None


def growth(samples: np.ndarray) -> float:
    """Return by which share the last tenth is above the tenth after a quarter."""
    tenth = max(len(samples) // 10, 1)
    early = samples[len(samples) // 4 :][:tenth].mean()
    return float(samples[-tenth:].mean() / early - 1)


def measure(iterations: int, folder: Path) -> dict[str, float]:
    """Train and return the growth of the run and of its workers."""
    config = write_config(
        folder / 'run.py', make_data(folder / 'data'),
        train_dataloader__sampler__epoch_over=iterations, train_cfg__max_epochs=1,
        train_cfg__val_begin=9, model__warmup_epochs=0,
        default_hooks__checkpoint__interval=max(iterations // 40, 1),
        default_hooks__logger__interval=10, train_dataloader__batch_size=3,
    )  # fmt: skip
    work_dir = folder / 'work'
    process = start(config, work_dir)
    samples = []
    while process.poll() is None:
        if (found := sample(process.pid)) and (work_dir / 'last_checkpoint').exists():
            samples.append(found)
        time.sleep(0.2)
    finish(process, work_dir)
    own, workers = np.array(samples).T
    return {
        'iterations': iterations,
        'main_mb': round(float(own[-1]), 1),
        'main_growth': round(growth(own), 4),
        'workers_mb': round(float(workers[-1]), 1),
        'workers_growth': round(growth(workers), 4),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the test and return its exit status."""
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(args.iterations, Path(folder))
    print(json.dumps(result) if args.json else '  '.join(f'{k}: {v}' for k, v in result.items()))
    return 0 if max(result['main_growth'], result['workers_growth']) < LIMIT else 1


if __name__ == '__main__':
    sys.exit(main())
