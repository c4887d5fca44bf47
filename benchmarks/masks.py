"""Measure what share of an iteration drawing the masks takes, in one run.

    python benchmarks/masks.py [--device cuda] [--size paper] [--json]

Of the localization, `localizer_cost.py` tells; here the maps are there, and tokens are drawn.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

import torch
from machine import describe_machine
from systems import SIZES, OurStep, build_system, make_batch
from timing import parser, take_turns
from torch import Tensor, nn

from mmavssl.models.maskers.asl_guided import ASLGuided
from mmavssl.registry import MASKERS

PLAIN = ('TubeToken', 'FrameToken', 'RandomToken')


class Maps(nn.Module):
    """A localizer whose maps are there before it is asked."""

    def __init__(self, maps: Tensor) -> None:
        super().__init__()
        self.maps = maps

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """Return the maps."""
        return self.maps


def masks(args: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """Return by name what draws the masks of the unlabeled clips."""
    size, device = SIZES[args.size], torch.device(args.device)
    side = size.side // size.patch_size
    grid = (size.num_frames, side, side)
    ratio = torch.rand(size.unlabeled, device=device)
    frames = torch.rand(size.unlabeled, size.num_frames, 3, size.side, size.side, device=device)
    sound = torch.randn(size.unlabeled, *size.sound, device=device)
    maps = torch.rand(size.unlabeled, size.num_frames, 14, 14, device=device)
    guided = ASLGuided(localizer=Maps(maps)).to(device)
    calls = {name: masker(MASKERS.build(dict(type=name)), ratio, grid) for name in PLAIN}
    calls['ASLGuided'] = lambda: guided(ratio, grid, frames=frames, audio=sound)
    return calls


def masker(module: nn.Module, *args: object) -> Callable[[], object]:
    """Return a call of a masker."""
    return lambda: module(*args)


def measure(args: argparse.Namespace) -> dict:
    """Time masks and an iteration of SVFormer."""
    size, device = SIZES[args.size], torch.device(args.device)
    wrapper = 'AutocastOptimWrapper' if args.device == 'cuda' else 'OptimWrapper'
    step = OurStep(build_system('svformer', size, device), wrapper)
    batch = make_batch(size, device)
    iteration = take_turns({'step': lambda: step(batch)}, 3, device)['step']
    seconds = take_turns(masks(args), args.rounds, device, warm_up=5)
    return {
        'machine': describe_machine(),
        'device': args.device,
        'size': args.size,
        'iteration_seconds': round(iteration, 4),
        'milliseconds': {name: round(1000 * value, 3) for name, value in seconds.items()},
        'share': {name: round(value / iteration, 6) for name, value in seconds.items()},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parser(__doc__, 'small', rounds=20).parse_args(argv)
    result = measure(args)
    lines = [
        f'{name:12}{result["milliseconds"][name]:9.3f} ms{100 * share:9.4f} % of an iteration'
        for name, share in result['share'].items()
    ]
    print(json.dumps(result, indent=2) if args.json else '\n'.join(lines))
    return 0


if __name__ == '__main__':
    sys.exit(main())
