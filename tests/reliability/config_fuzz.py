"""Change one thing in a shipped config at random, and build what it describes.

    python -m tests.reliability.config_fuzz --mutations 2000 [--seed S] [--json] [--only N]

Each mutation must end in a model (under ``meta``) with data sets, transforms, hooks, loops,
optimizer, schedulers and evaluators, or in one error of ours, of one line, that has the name of
the key or the wrong value; in 5 s of a processor; and no key that means nothing is accepted.

Seeded numbers, not hypothesis: a mutation is one change, so there is nothing to shrink; it is
found again by ``--only N``; and thousands of them are counted, not searched for one that fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests.reliability.config_bases import base_config, base_paths, make_data
from tests.reliability.config_building import CLEAR, build, quiet
from tests.reliability.config_mutations import Mutation, mutate

MAX_SECONDS, MAX_WAIT = 5, 300
TIMERS = {signal.ITIMER_PROF: signal.SIGPROF, signal.ITIMER_REAL: signal.SIGALRM}
ALLOWED = ('built', 'clear error')


@dataclass
class Result:
    """What became of a mutation.

    Attributes:
        number: of the mutation.
        config: that was changed.
        mutation: in words.
        kind: of mistake.
        verdict: ``built``, ``clear error``, or what it must not be.
        message: of the error.
        seconds: that it took.
    """

    number: int
    config: str
    mutation: str
    kind: str
    verdict: str
    message: str
    seconds: float

    def __str__(self) -> str:
        head = f'{self.verdict}: --only {self.number}: {self.config}: {self.mutation}'
        return f'{head}\n    {self.message[:400]}'


@contextmanager
def chdir(folder: str) -> Iterator[None]:
    """Work in a folder: a wrong work dir is made there."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class TooSlowError(BaseException):
    """Building takes longer than it may; no ``except Exception`` catches it."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--mutations', type=int, default=2000, help='default: 2000')
    parser.add_argument('--seed', type=int, default=0, help='of the mutations')
    parser.add_argument('--json', action='store_true', help='print the counts as JSON')
    parser.add_argument('--only', type=int, help='number of one mutation to build again')
    parser.add_argument('--show', nargs='*', default=[], help='verdicts to list, e.g. built')
    return parser.parse_args(argv)


class Fuzzer:
    """Builds mutations of the shipped configs.

    Args:
        folder: for data.
        seed: of the mutations; each follows from it and its number.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self.paths = base_paths()
        self.data = make_data(folder / 'data')
        self.bases: dict[str, dict] = {}
        self.file = folder / 'changed.json'

    def run(self, number: int) -> Result:
        """Build one mutation."""
        rng = random.Random(f'{self.seed}/{number}')
        name = rng.choice(sorted(self.paths))
        if name not in self.bases:
            self.bases[name] = base_config(self.paths[name], self.data)
        cfg, mutation = mutate(self.bases[name], rng)
        begin = time.process_time()
        verdict, message = judge(cfg, mutation, self.file)
        seconds = time.process_time() - begin
        if seconds > MAX_SECONDS:
            verdict = 'slow'
        return Result(number, name, str(mutation), mutation.kind, verdict, message, seconds)


def judge(cfg: dict, mutation: Mutation, file: Path) -> tuple[str, str]:
    """Return what becomes of a config, and the message of an error."""
    try:
        with quiet(), warnings.catch_warnings(), time_limit():
            warnings.simplefilter('ignore')
            build(cfg, file)
    except TooSlowError:
        return 'slow', ''
    except CLEAR as error:
        message = str(error)
        is_named = any(name in message for name in mutation.names)
        return ('clear error' if is_named and '\n' not in message else 'unclear error'), message
    except Exception as error:
        return 'other error', f'{type(error).__name__}: {error}'
    return ('accepted unknown key' if mutation.unknown else 'built'), ''


class time_limit:  # noqa: N801
    """Raise in the main thread when the time is over.

    That of the processor counts, as others may keep it busy; a wait ends after `MAX_WAIT`.
    """

    def __enter__(self) -> None:
        self._before = {kind: signal.signal(kind, self._stop) for kind in TIMERS.values()}
        signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS + 1)
        signal.setitimer(signal.ITIMER_REAL, MAX_WAIT)

    def __exit__(self, *_: object) -> None:
        for timer, kind in TIMERS.items():
            signal.setitimer(timer, 0)
            signal.signal(kind, self._before[kind])

    def _stop(self, number: int, frame: FrameType | None) -> None:
        raise TooSlowError


def run(mutations: int, seed: int, show: Sequence[str] = ()) -> dict:
    """Build mutations, and return counts."""
    counts, kinds, slowest = Counter(), {}, 0.0
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        fuzzer = Fuzzer(Path(folder), seed)
        for number in range(mutations):
            result = fuzzer.run(number)
            counts[result.verdict] += 1
            kinds.setdefault(result.kind, Counter())[result.verdict] += 1
            slowest = max(slowest, result.seconds)
            if result.verdict not in ALLOWED or result.verdict in show:
                print(result, file=sys.stderr, flush=True)
    defects = sum(count for verdict, count in counts.items() if verdict not in ALLOWED)
    return {
        'mutations': mutations, 'seed': seed, 'counts': dict(counts), 'defects': defects,
        'slowest_seconds': round(slowest, 2),
        'kinds': {kind: dict(found) for kind, found in kinds.items()},
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the test and return its exit status."""
    args = parse_args(argv)
    if args.only is not None:
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            print(Fuzzer(Path(folder), args.seed).run(args.only))
        return 0
    result = run(args.mutations, args.seed, args.show)
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f'{key}: {value}')
    return 1 if result['defects'] else 0


if __name__ == '__main__':
    sys.exit(main())
