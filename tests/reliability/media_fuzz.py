"""Damage media files at random, and read them as training does.

    python -m tests.reliability.media_fuzz --files 2000 [--seed S] [--json] [--only N]

Each file is read through both backends: three clips, then the pipelines of a small config.
Allowed are the right sample, a sample whose damage is logged, a sample that changed without a
trace (codecs have no check sums: a flipped bit can be another picture), and an error that names
the file. Forbidden are any other error, the end of the process, 20 s of a
processor, and 2 GB.

A case follows from its seed and number alone: ``--only N`` reads one again. Seeded numbers, not
hypothesis: there is nothing to shrink, each case needs a process that may die, and thousands of
them are counted, not one searched.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Of a processor, and of the clock on the wall: then it waits for something.
MAX_SECONDS, MAX_WAIT = 20.0, 300.0
MAX_GROWN = 2 * 2**30
#: Importing takes time as well.
START_SECONDS = 900.0
BATCH = 250
FORBIDDEN = ('unnamed error', 'misfit', 'crash', 'hang', 'slow', 'memory')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--files', type=int, default=2000, help='damaged files (default: 2000)')
    parser.add_argument('--seed', type=int, default=0, help='of the damage')
    parser.add_argument('--json', action='store_true', help='print the counts as JSON')
    parser.add_argument('--only', type=int, help='number of one case to read again')
    parser.add_argument('--evidence', type=Path, help='folder that keeps the files of defects')
    return parser.parse_args(argv)


def read_cases(
    sources: dict[str, str], folder: Path, seed: int, numbers: Sequence[int], keep: bool = False
) -> Iterator[dict]:
    """Yield the result of each case; a process that dies or hangs costs one case."""
    waiting = list(numbers)
    while waiting:
        batch, done, running = waiting[:BATCH], set(), None
        job = {
            'sources': sources, 'folder': str(folder), 'seed': seed, 'numbers': batch,
            'keep': keep, 'max_grown': MAX_GROWN,
        }  # fmt: skip
        command = [sys.executable, '-m', 'tests.reliability.media_worker', json.dumps(job)]
        environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, bufsize=0, env=environment
        )
        ending = 'crash'
        while True:
            limit = START_SECONDS if running is None else MAX_WAIT
            line = next_line(process, limit)
            if line is None:
                ending = 'hang'
                break
            if not line:
                break
            result = json.loads(line)
            running = result['number']
            if 'outcome' in result:
                done.add(running)
                yield result
        process.kill()
        status = process.wait()
        process.stdout.close()
        if running is None:
            raise RuntimeError(f'The process did not start reading (status {status}).')
        if running not in done:
            done.add(running)
            verdict = f'{ending.upper()} (status {status})'
            yield {'number': running, 'outcome': {'process': verdict}, 'seconds': 0, 'grown': 0}
        waiting = [number for number in waiting if number not in done]


def next_line(process: subprocess.Popen, seconds: float) -> bytes | None:
    """Return the next line of a process, b'' at its end, None if there is none in time."""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout.fileno(), selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(seconds) else None


def verdicts(result: dict) -> dict[str, str]:
    """Return one word for each backend, or for the process."""
    found = {
        backend: verdict.partition(':')[0].partition(' (')[0].lower()
        for backend, verdict in result['outcome'].items()
    }
    if result['grown'] >= MAX_GROWN:
        found['process'] = 'memory'
    elif result['seconds'] >= MAX_SECONDS:
        found['process'] = 'slow'
    return found


def run(files: int, seed: int, evidence: Path | None = None) -> dict:
    """Read damaged files, and return counts and what is to be mended."""
    from tests.reliability.media_sources import make_sources

    counts: dict[str, Counter] = {}
    defects, slowest, largest = [], 0.0, 0
    with tempfile.TemporaryDirectory() as root:
        sources = {name: str(path) for name, path in make_sources(Path(root)).items()}
        folder = Path(root, 'damaged')
        folder.mkdir()
        for result in read_cases(sources, folder, seed, range(files)):
            found = verdicts(result)
            for backend, verdict in found.items():
                counts.setdefault(backend, Counter())[verdict] += 1
            slowest = max(slowest, result['seconds'])
            largest = max(largest, result['grown'])
            if set(FORBIDDEN) & set(found.values()):
                defects.append(result)
                print(json.dumps(result), file=sys.stderr, flush=True)
                if evidence:
                    keep_evidence(folder, result['number'], seed, evidence)
    return {
        'files': files, 'seed': seed, 'counts': {key: dict(c) for key, c in counts.items()},
        'defects': len(defects), 'slowest_seconds': round(slowest, 2),
        'most_memory_mb': largest >> 20,
    }  # fmt: skip


def keep_evidence(folder: Path, number: int, seed: int, evidence: Path) -> None:
    """Copy the file of a case."""
    evidence.mkdir(parents=True, exist_ok=True)
    for path in folder.glob(f'{number}_*'):
        shutil.copy2(path, evidence / f'seed{seed}_{path.name}')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the test and return its exit status."""
    args = parse_args(argv)
    if args.only is not None:
        from tests.reliability.media_sources import make_sources

        root = args.evidence or Path(tempfile.mkdtemp())
        sources = {name: str(path) for name, path in make_sources(root).items()}
        for result in read_cases(sources, root, args.seed, [args.only], keep=True):
            print(json.dumps(result, indent=2))
        print(f'The file is in {root}.')
        return 0
    result = run(args.files, args.seed, args.evidence)
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f'{key}: {value}')
    return 1 if result['defects'] else 0


if __name__ == '__main__':
    sys.exit(main())
