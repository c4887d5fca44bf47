"""Measure forms of attention over many short sequences, forward and backward, in one run.

    python benchmarks/attention.py [--device cuda] [--size paper] [--json]

Temporal attention has a sequence of 8 frames for each patch of each clip, spatial attention one of
50 or 197 tokens for each frame. All forms must give the same. ``ours`` is what networks use.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from machine import describe_machine
from systems import SIZES, Size
from timing import parser, take_turns
from torch import Tensor

from mmavssl.models.backbones.vit_layers import attend

DTYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16}


def products(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Two batched matrix products and a softmax."""
    return ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(dim=-1) @ v


def broadcast(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Products of numbers that are summed, without any matrix product."""
    scores = ((q * q.shape[-1] ** -0.5).unsqueeze(-2) * k.unsqueeze(-3)).sum(dim=-1)
    return (scores.softmax(dim=-1).unsqueeze(-1) * v.unsqueeze(-3)).sum(dim=-2)


FORMS = {
    'ours': attend,
    'fused': F.scaled_dot_product_attention,
    'products': products,
    'broadcast': broadcast,
}


def sequences(size: Size) -> dict[str, tuple[int, int]]:
    """Return number and length of the sequences of an iteration's student, by their kind."""
    clips = size.labeled + 2 * size.unlabeled
    patches = (size.side // size.patch_size) ** 2
    return {
        'temporal': (clips * patches, size.num_frames),
        'spatial': (clips * size.num_frames, 1 + patches),
    }


def call_of(form: Callable, qkv: Tensor) -> Callable[[], None]:
    """Return what makes the forward and the backward pass of a form of attention.

    Args:
        form: the attention.
        qkv: (B, L, 3, heads, d), as the linear layer gives them.
    """

    def call() -> None:
        result = form(*qkv.permute(2, 0, 3, 1, 4))
        result.transpose(1, 2).flatten(2).square().sum().backward()
        qkv.grad = None

    return call


def measure(args: argparse.Namespace) -> dict:
    """Compare what the forms give, then time them."""
    size, device = SIZES[args.size], torch.device(args.device)
    found = {}
    for kind, (number, length) in sequences(size).items():
        for precision, dtype in DTYPES.items():
            shape = (number, length, 3, size.num_heads, size.embed_dims // size.num_heads)
            qkv = torch.randn(shape, device=device).to(dtype).requires_grad_()
            # of long sequences, all products of numbers at once would take gigabytes
            forms = {n: f for n, f in FORMS.items() if n != 'broadcast' or kind == 'temporal'}
            results = [form(*qkv.permute(2, 0, 3, 1, 4)) for form in forms.values()]
            for result in results:
                torch.testing.assert_close(result, results[0], rtol=0.02, atol=0.02)
            calls = {name: call_of(form, qkv) for name, form in forms.items()}
            seconds = take_turns(calls, args.rounds, device)
            found[f'{kind}_{precision}'] = {n: round(1000 * s, 2) for n, s in seconds.items()}
    return {
        'machine': describe_machine(),
        'device': args.device,
        'size': args.size,
        'sequences': sequences(size),
        'milliseconds': found,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parser(__doc__, 'small', rounds=9).parse_args(argv)
    result = measure(args)
    lines = [f'{"ms":16}' + ''.join(f'{name:>11}' for name in FORMS)]
    for kind, times in result['milliseconds'].items():
        lines.append(f'{kind:16}' + ''.join(f'{times.get(name, "-"):>11}' for name in FORMS))
    print(json.dumps(result, indent=2) if args.json else '\n'.join(lines))
    return 0


if __name__ == '__main__':
    sys.exit(main())
