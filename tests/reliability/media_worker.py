"""The process that reads damaged files, which may not survive it; see `media_fuzz`."""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from pathlib import Path

#: Address space beyond what the process has at the start: more, and memory is refused.
ADDRESS_SPACE = 8 * 2**30
FACTOR = {'darwin': 1}.get(sys.platform, 1024)


def make_case(seed: int, number: int, sources: dict[str, str]) -> tuple[str, bytes, str, str]:
    """Return source, content, suffix and damage of a case, which follow from seed and number."""
    from tests.reliability.media_mutations import mutate

    rng = random.Random(f'{seed}/{number}')
    name = sorted(sources)[number % len(sources)]
    path = Path(sources[name])
    content, suffix, damage = mutate(path.read_bytes(), path.suffix, rng)
    return name, content, suffix, damage


def peak_memory() -> int:
    """Return the largest resident size of this process so far (bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * FACTOR


def limit_memory() -> None:
    """Let no allocation take the machine down."""
    used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ADDRESS_SPACE, used + ADDRESS_SPACE))


def main() -> None:
    """Read cases from ``first`` to ``last``; print one line of JSON before and after each."""
    from tests.reliability.media_reading import Reader
    from tests.reliability.media_sources import SOUNDS

    job = json.loads(sys.argv[1])
    sources, folder = job['sources'], Path(job['folder'])
    reader, right = Reader(), {}
    whole = sources['plain.mp4']
    for name, path in sources.items():
        files = {'video_path': path}
        if name in SOUNDS:
            files = {'video_path': whole, 'audio_path': path}
        right[name] = reader.clips(files, 'pyav')
    limit_memory()
    before = peak_memory()
    for number in job['numbers']:
        name, content, suffix, damage = make_case(job['seed'], number, sources)
        path = folder / f'{number}_{Path(name).stem}{suffix}'
        path.write_bytes(content)
        print(json.dumps({'number': number, 'begin': True}), flush=True)
        begin = time.process_time()  # others may keep the processor busy
        files = {'video_path': str(path)}
        if name in SOUNDS:
            files = {'video_path': whole, 'audio_path': str(path)}
        outcome = reader.outcome(files, str(path), right[name])
        grown = peak_memory() - before
        result = {
            'number': number,
            'source': name,
            'damage': damage,
            'outcome': outcome,
            'seconds': time.process_time() - begin,
            'grown': grown,
        }
        print(json.dumps(result), flush=True)
        if not job['keep'] and grown < job['max_grown'] and not is_defect(outcome):
            path.unlink()
        if grown >= job['max_grown']:
            return  # a fresh process measures the next one


def is_defect(outcome: dict[str, str]) -> bool:
    """Return whether one of the backends did what it must not."""
    return any(verdict[:1].isupper() for verdict in outcome.values())


if __name__ == '__main__':
    main()
