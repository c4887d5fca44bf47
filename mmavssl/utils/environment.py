"""What this machine and its Python have, and what of it keeps mmavssl from running."""

import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from mmavssl.utils import requirements
from mmavssl.utils.commands import PACKAGE, shipped, shipped_configs
from mmavssl.utils.machine import describe_machine
from mmavssl.version import __version__

DRIVER, SHARED_MEMORY = Path('/proc/driver/nvidia/version'), Path('/dev/shm')
#: Workers of data loaders hand over their batches in shared memory.
MIN_SHARED_GB = 1
#: What MMEngine's `collect_env` knows besides: compilers and GPUs.
COLLECTED = ('CUDA_HOME', 'NVCC', 'GCC')


def describe_environment() -> dict[str, Any]:
    """Return all facts.

    Returns:
        Among others ``packages`` (versions, None for what is missing), ``extras`` (what each
        lacks), ``problems`` (what keeps mmavssl from running, with the remedy) and ``notes``.
    """
    problems: list[str] = []
    packages = needed_packages(problems)
    configs = shipped_configs()
    if not configs:
        problems.append(f'{shipped("configs")} has no configs: install mmavssl again')
    machine, gpu = describe_machine(), describe_gpu()
    return {
        'mmavssl': __version__,
        'folder': str(PACKAGE),
        'python': f'{platform.python_version()} ({sys.executable})',
        'system': platform.platform(),
        'processor': f'{machine["processor"]}, {machine["cores"]} cores',
        'memory_gb': machine['memory_gb'],
        **gpu,
        'ffmpeg': shutil.which('ffmpeg') or 'not on the path, and not needed',
        'configs': f'{len(configs)} in {shipped("configs")}',
        'plugins': requirements.plugins(),
        'packages': packages,
        'extras': extras(),
        'notes': notes(gpu),
        'problems': problems,
    }


def needed_packages(problems: list[str]) -> dict[str, str | None]:
    """Return the versions of what is needed.

    Args:
        problems: gets what is missing or broken.
    """
    try:
        found = requirements.check_needed()
    except PackageNotFoundError as error:
        problems.append(not_installed(error.name))
        return {}
    problems += [each.problem for each in found if each.problem]
    return {each.name: each.version for each in found}


def not_installed(name: str) -> str:
    """Say that a package is missing without which it cannot be told what else is."""
    if name != requirements.DISTRIBUTION:
        return f'{name} is missing, so that versions are not compared: pip install {name}'
    return (
        f'mmavssl is on the path, but not installed, so that it is not known what it needs: '
        f'pip install -e {PACKAGE.parent}'
    )


def extras() -> dict[str, list[str]]:
    """Return what is missing for each extra; nothing where that cannot be told."""
    try:
        return requirements.check_extras()
    except PackageNotFoundError:  # which is among the problems already
        return {}


def describe_gpu() -> dict[str, Any]:
    """Return GPUs, driver and CUDA; what torch and MMEngine say, as far as they import."""
    lines = DRIVER.read_text().splitlines() if DRIVER.is_file() else []
    facts: dict[str, Any] = {'gpus': [], 'driver': lines[0] if lines else None, 'cuda': None}
    try:
        import torch
        from mmengine.utils.dl_utils import collect_env

        facts['cuda'] = torch.version.cuda
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        facts['gpus'] = [torch.cuda.get_device_name(index) for index in range(count)]
        env = collect_env()
    except Exception:  # a package that is broken is among the problems already
        return facts
    return facts | {name: env[name] for name in COLLECTED if name in env}


def notes(gpu: dict[str, Any]) -> list[str]:
    """Return what is worth knowing, though everything runs.

    Args:
        gpu: of `describe_gpu`.
    """
    found = []
    if gpu['driver'] and not gpu['gpus']:
        build = f'for CUDA {gpu["cuda"]}' if gpu['cuda'] else 'without CUDA'
        found.append(
            f'there is a driver of NVIDIA, but torch, built {build}, sees no GPU: install a build '
            'that the driver can run, or look at CUDA_VISIBLE_DEVICES'
        )
    if SHARED_MEMORY.is_dir():
        size = shutil.disk_usage(SHARED_MEMORY).total / 2**30
        if size < MIN_SHARED_GB:
            found.append(
                f'{SHARED_MEMORY} has {size:.2g} GB, in which workers hand over their batches: '
                'docker run --shm-size=8g, or train_dataloader.num_workers=0'
            )
    return found
