"""Measure moving a ViT-B teacher against a loop over the tensors of its state dict, in one run.

    python benchmarks/ema.py [--device cuda] [--json]

The results must be equal.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections.abc import Sequence

import torch
from machine import describe_machine
from systems import SIZES, build_system
from timing import parser, take_turns
from torch import nn

from mmavssl.models.utils.ema import ema_update

MOMENTUM = 0.01


@torch.no_grad()
def tensor_by_tensor(teacher: nn.Module, student: nn.Module) -> None:
    """Move a teacher as SVFormer's code does."""
    values = student.state_dict()
    for name, value in teacher.state_dict().items():
        value.copy_((1 - MOMENTUM) * value + MOMENTUM * values[name])


def measure(args: argparse.Namespace) -> dict:
    """Compare results, then time."""
    device = torch.device(args.device)
    model = build_system('svformer', SIZES[args.size], device)
    with torch.no_grad():
        for value in model.student.parameters():
            value.add_(torch.randn_like(value), alpha=0.1)
    other = copy.deepcopy(model.teacher)
    tensor_by_tensor(other, model.student)
    ema_update(model.teacher, model.student, MOMENTUM)
    pairs = zip(model.teacher.parameters(), other.parameters(), strict=True)
    calls = {
        'ours': lambda: ema_update(model.teacher, model.student, MOMENTUM),
        'loop': lambda: tensor_by_tensor(other, model.student),
    }
    largest = max(float((one - two).detach().abs().max()) for one, two in pairs)
    seconds = take_turns(calls, args.rounds, device, warm_up=2)
    return {
        'machine': describe_machine(),
        'device': args.device,
        'parameters': sum(value.numel() for value in model.student.parameters()),
        'difference': largest,
        'milliseconds': {name: round(1000 * value, 3) for name, value in seconds.items()},
        'ratio': round(seconds['loop'] / seconds['ours'], 2),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parser(__doc__, 'paper', rounds=9).parse_args(argv)
    result = measure(args)
    text = f'EMA: {result["ratio"]} times as fast as the loop ({result["milliseconds"]} ms)'
    print(json.dumps(result, indent=2) if args.json else text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
