"""Measure the forward passes of a test video's views, against one after the other, in one run.

    python benchmarks/test_views.py [--device cuda] [--size paper] [--json]

What loading the 15 views takes, `loader.py` tells. The scores must be equal.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

import torch
from machine import describe_machine
from reference_step import ReferenceStep
from systems import NUM_CLASSES, SIZES, build_system
from timing import parser, take_turns
from torch import Tensor

from mmavssl.structures import AVDataSample

VIEWS = 15
PRECISIONS = {'fp32': None, 'bf16': torch.bfloat16}


@torch.no_grad()
def measure(args: argparse.Namespace) -> dict:
    """Compare scores, then time."""
    size, device = SIZES[args.size], torch.device(args.device)
    model = build_system('svformer', size, device, faithful=True).eval()  # the student alone
    reference = ReferenceStep(dict(size.backbone, drop_path_rate=0.1), NUM_CLASSES, device)
    reference.load(model.student.state_dict())
    student = reference.student.eval()
    shape = (1, VIEWS, 3, size.num_frames, size.side, size.side)
    frames = torch.randint(256, shape, dtype=torch.uint8, device=device)

    def ours() -> Tensor:
        data = {'inputs': {'video': frames}, 'data_samples': [AVDataSample()]}
        return model.predict(**model.data_preprocessor(data))[0].pred_score

    def one_by_one() -> Tensor:
        logits = 0
        for view in frames[0]:
            clip = model.data_preprocessor.normalize(view[None])
            logits = logits + student['head'](student['backbone'](clip))
        return (logits / VIEWS).softmax(dim=-1)[0].float()

    difference = float((ours() - one_by_one()).abs().max())
    if difference > 1e-5:
        raise RuntimeError(f'The scores differ by {difference}.')
    calls = {}
    for name, dtype in PRECISIONS.items():
        for kind, call in (('ours', ours), ('one_by_one', one_by_one)):
            calls[f'{kind}_{name}'] = under(call, args.device, dtype)
    seconds = take_turns(calls, args.rounds, device)
    return {
        'machine': describe_machine(),
        'device': args.device,
        'size': args.size,
        'views': VIEWS,
        'difference': difference,
        'seconds': {name: round(value, 4) for name, value in seconds.items()},
        'fp32_ratio': round(seconds['one_by_one_fp32'] / seconds['ours_fp32'], 2),
        'bf16_ratio': round(seconds['one_by_one_fp32'] / seconds['ours_bf16'], 2),
    }


def under(call: Callable[[], Tensor], device: str, dtype: torch.dtype | None) -> Callable:
    """Return a call under autocast."""

    def wrapped() -> Tensor:
        with torch.autocast(device, dtype, enabled=dtype is not None):
            return call()

    return wrapped


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parser(__doc__, 'small', rounds=5).parse_args(argv)
    result = measure(args)
    text = f'{VIEWS} views: {result["fp32_ratio"]} times as fast, {result["bf16_ratio"]} with bf16'
    print(json.dumps(result, indent=2) if args.json else text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
