"""Kill a run at random moments, let it go on, and compare it with one that was left alone.

    python -m tests.reliability.kill_test --kills 20 [--ranks 2] [--json]

Each kill is a run of its own: started, killed by SIGKILL once, started again until it ends. Every
third one is killed while a checkpoint is being written. Weights, teacher, threshold, optimizer,
schedulers and metric log must be those of the uninterrupted run, bit for bit.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.reliability.small_run import (
    differences,
    drafts,
    final_state,
    finish,
    kill_when,
    make_data,
    metric_log,
    start,
    write_config,
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--kills', type=int, default=20, help='runs that are killed (default: 20)')
    parser.add_argument('--ranks', type=int, default=1, help='processes of a run (default: 1)')
    parser.add_argument('--seed', type=int, default=0, help='of the moments')
    parser.add_argument('--json', action='store_true', help='print the result as JSON')
    return parser.parse_args(argv)


def run_once(config: Path, work_dir: Path, ranks: int) -> tuple[float, float]:
    """Train without a kill; return the seconds to the first checkpoint, and those of all."""
    begin = time.monotonic()
    process = start(config, work_dir, ranks)
    while process.poll() is None and not (work_dir / 'last_checkpoint').exists():
        time.sleep(0.01)
    first = time.monotonic() - begin
    finish(process, work_dir)
    return first, time.monotonic() - begin


def moment(number: int, first: float, last: float, work_dir: Path) -> Callable[[], bool]:
    """Return what tells that a run is to be killed now."""
    draw = random.Random(number).random()
    begin = time.monotonic()
    if number % 3 == 2:  # while one of the checkpoints is being written, any of them
        after = first * 0.9 + draw * (last - first) * 0.7
        return lambda: time.monotonic() - begin > after and bool(drafts(work_dir))
    after = first * 0.8 + draw * (last - first * 0.8)
    return lambda: time.monotonic() - begin > after


def kill_and_go_on(
    config: Path, work_dir: Path, ranks: int, number: int, times: tuple[float, float]
) -> tuple[bool, bool]:
    """Kill a run and let it go on; return whether it was killed, and while it was writing."""
    process = start(config, work_dir, ranks)
    poll = 0.0002 if number % 3 == 2 else 0.005
    killed = kill_when(process, moment(number, *times, work_dir), poll)
    writing = bool(drafts(work_dir))
    finish(start(config, work_dir, ranks), work_dir)
    return killed, writing


def main(argv: Sequence[str] | None = None) -> int:
    """Run the test and return its exit status."""
    args = parse_args(argv)
    result = {'kills': 0, 'identical': 0, 'while_writing': 0, 'ranks': args.ranks}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = write_config(root / 'run.py', make_data(root / 'data'), args.ranks)
        whole = root / 'whole'
        times = run_once(config, whole, args.ranks)
        reference = final_state(whole), metric_log(whole)
        number = args.seed
        while result['kills'] < args.kills:
            work_dir = root / f'killed_{number}'
            killed, writing = kill_and_go_on(config, work_dir, args.ranks, number, times)
            found = differences((final_state(work_dir), metric_log(work_dir)), reference)
            same = not found
            if killed or not same:  # one that had ended before is no kill
                result['kills'] += 1
                result['identical'] += same
                result['while_writing'] += writing
                word = 'identical' if same else f'DIFFERENT: {found[:5]}'
                when = ' (while writing)' if writing else ''
                print(f'kill {result["kills"]}{when}: {word}', file=sys.stderr, flush=True)
            if same:
                shutil.rmtree(work_dir)
            number += 1
    print(json.dumps(result) if args.json else '  '.join(f'{k}: {v}' for k, v in result.items()))
    return 0 if result['identical'] == result['kills'] else 1


if __name__ == '__main__':
    sys.exit(main())
