"""What figures depend on: the machine, the versions, the commit."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ('torch', 'torchaudio', 'av', 'decord', 'opencv-python', 'numpy', 'mmengine')
#: What tools write there does not change what they measure.
WRITTEN = ('benchmarks/results', 'docs/images', 'model_zoo.md')


def describe_machine() -> dict:
    """Return processor, cores, memory, versions and commit."""
    total = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return {
        'processor': processor(),
        'cores': os.cpu_count(),
        'memory_gb': round(total / 2**30, 1),
        'python': platform.python_version(),
        'packages': {name: installed(name) for name in PACKAGES},
        'commit': commit(),
    }


def processor() -> str:
    """Return the name of the processor."""
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()


def installed(name: str) -> str | None:
    """Return the version of a package, or None."""
    try:
        return version(name)
    except ImportError:
        return None


def commit() -> str:
    """Return the commit of the checkout that this file is in, with a plus where files are changed.

    Results that were written since do not count. An installed package has no commit: '+'.
    """
    excluded = [f':(top,exclude){path}' for path in WRITTEN]
    head = git('rev-parse', '--short', 'HEAD')
    changed = git('status', '--porcelain', '-uno', '--', ':(top)', *excluded)
    return head + ('+' if changed or not head else '')


def git(*arguments: str) -> str:
    """Return what git says in the folder of this file; nothing where it fails or is not there."""
    try:
        done = subprocess.run(
            ['git', *arguments], cwd=Path(__file__).parent, capture_output=True, text=True
        )
    except OSError:
        return ''
    return done.stdout.strip() if done.returncode == 0 else ''


def memory(pid: int) -> tuple[float, float]:
    """Return USS (no other process has it) and PSS (its share of what several have), in MB."""
    sizes = {}
    for line in Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        sizes[name] = int(size) / 1024
    uss = sizes['Private_Clean:'] + sizes['Private_Dirty:']
    return round(uss, 1), round(sizes['Pss:'], 1)
