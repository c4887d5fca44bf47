"""What figures depend on: the machine, the versions, the commit."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ('torch', 'torchaudio', 'av', 'decord', 'opencv-python', 'numpy', 'mmengine')


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
    """Return the commit of this checkout, with a plus where files are changed."""
    root = Path(__file__).parent
    head = subprocess.run(
        ['git', 'rev-parse', '--short', 'HEAD'], cwd=root, capture_output=True, text=True
    )
    changed = subprocess.run(
        ['git', 'status', '--porcelain', '-uno'], cwd=root, capture_output=True, text=True
    )
    return head.stdout.strip() + ('+' if changed.stdout else '')


def memory(pid: int) -> tuple[float, float]:
    """Return USS (no other process has it) and PSS (its share of what several have), in MB."""
    sizes = {}
    for line in Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        sizes[name] = int(size) / 1024
    uss = sizes['Private_Clean:'] + sizes['Private_Dirty:']
    return round(uss, 1), round(sizes['Pss:'], 1)
