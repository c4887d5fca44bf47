"""What the benchmarks of speed share: options, seconds of calls in turns, peak memory."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from systems import SIZES


def parser(doc: str, size: str, rounds: int) -> argparse.ArgumentParser:
    """Return what the scripts' command lines share.

    Args:
        doc: of the script.
        size: by default; a name of `SIZES`.
        rounds: by default.
    """
    made = argparse.ArgumentParser(description=doc.partition('\n')[0])
    made.add_argument('--device', default='cpu', choices=('cpu', 'cuda'))
    made.add_argument('--size', default=size, choices=SIZES)
    made.add_argument('--rounds', type=int, default=rounds, help='that are timed')
    made.add_argument('--json', action='store_true', help='print JSON instead of text')
    return made


def wait(device: torch.device) -> None:
    """Wait for what the device still does."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def seconds_of(call: Callable[[], object], device: torch.device) -> float:
    """Return how long a call takes, with all that the device does for it."""
    wait(device)
    begin = time.perf_counter()
    call()
    wait(device)
    return time.perf_counter() - begin


def take_turns(
    calls: dict[str, Callable[[], object]], rounds: int, device: torch.device, warm_up: int = 1
) -> dict[str, float]:
    """Return the median seconds of each call over some rounds, after some that warm up."""
    seconds = {name: [] for name in calls}
    for number in range(rounds + warm_up):
        for name, call in calls.items():
            taken = seconds_of(call, device)
            if number >= warm_up:
                seconds[name].append(taken)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_mb(device: torch.device) -> float:
    """Return the peak memory in MB: of the device, or of this process on a CPU."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device) / 2**20
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('VmHWM')) / 1024
