"""Count what a training iteration keeps for its backward pass, and what batch a GPU has room for.

    python benchmarks/memory.py [--json]

Counted on the CPU, with fused attention as on a GPU: the bytes of all tensors that the losses'
graph keeps, for one and for two unlabeled clips of the paper's size, from which those of any
number follow. To them come weights, gradients, momenta and the teacher in float32. What an
allocator wastes and what single operations need for a moment is not counted; `MARGIN` is for it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import torch
from machine import describe_machine
from systems import METHODS, SIZES, Size, build_system, make_batch
from timing import parser
from torch import Tensor, nn

from mmavssl.models.backbones import vit_layers

PRECISIONS = {'fp32': False, 'bf16': True}
GPUS_GIB = (24, 48, 80, 141)
MARGIN = 0.85  # of a GPU's memory that is to be filled
UNLABELED_OF_ONE = 5


def kept_bytes(model: nn.Module, batch: dict, autocast: bool) -> int:
    """Return the bytes that the graph of the losses keeps, without parameters."""
    own = {value.untyped_storage().data_ptr() for value in model.parameters()}
    kept = {}

    def keep(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return value

    data = model.data_preprocessor(batch, training=True)
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value),
        torch.autocast('cpu', torch.bfloat16, enabled=autocast),
    ):
        losses = model(**data, mode='loss')
    total = sum(kept.values())  # while the losses hold the graph, so that no place is used twice
    del losses
    return total


def per_clip(method: str, size: Size, autocast: bool) -> tuple[float, float]:
    """Return the bytes kept for a clip that the student sees, and those whatever the number."""
    device = torch.device('cpu')
    model = build_system(method, size, device)
    counts = []
    for unlabeled in (1, 2):
        batch = make_batch(size._replace(labeled=1, unlabeled=unlabeled), device)
        counts.append(kept_bytes(model, batch, autocast))
    clip = (counts[1] - counts[0]) / 2  # its strong view and a mix
    return clip, counts[0] - 3 * clip


def checkpointed(clip: float, size: Size) -> float:
    """Return the bytes of a clip where blocks keep their inputs and one is computed again."""
    tokens = 1 + size.num_frames * (size.side // size.patch_size) ** 2
    return 4 * size.depth * tokens * size.embed_dims + clip / size.depth


def fixed_bytes(method: str, size: Size) -> int:
    """Return the bytes of weights, gradients and momenta of the student, and of the rest."""
    model = build_system(method, size, torch.device('cpu'))
    trained = sum(value.numel() for value in model.student.parameters())
    others = sum(value.numel() for value in model.parameters()) - trained
    return 4 * (3 * trained + others)


def largest(fixed: float, clip: float, gib: int) -> int:
    """Return how many labeled clips, each with five unlabeled ones, a GPU has room for."""
    room = MARGIN * gib * 2**30 - fixed
    return max(0, int(room / ((1 + 2 * UNLABELED_OF_ONE) * clip)))


def measure(args: argparse.Namespace) -> dict:
    """Count for all methods and precisions."""
    size = SIZES[args.size]
    rows = {}
    for method in METHODS:
        state = fixed_bytes(method, size)
        for name, autocast in PRECISIONS.items():
            clip, constant = per_clip(method, size, autocast)
            fixed = state + constant
            for suffix, bytes_of_clip in (
                ('', clip),
                ('_checkpointed', checkpointed(clip, size)),
            ):
                rows[f'{method}_{name}{suffix}'] = {
                    'fixed_gb': round(fixed / 1e9, 3),
                    'clip_mb': round(bytes_of_clip / 1e6, 1),
                    'iteration_gb': round((fixed + 11 * bytes_of_clip) / 1e9, 2),
                    'labeled': {
                        str(gib): largest(fixed, bytes_of_clip, gib) for gib in GPUS_GIB
                    },
                }
    return {'machine': describe_machine(), 'size': args.size, 'memory': rows}


def table(result: dict) -> str:
    """Return what was counted as a table in Markdown."""
    head = ['', 'fixed, GB', 'a clip, MB', '1 + 5 clips, GB', *(f'{g} GiB' for g in GPUS_GIB)]
    lines = ['| ' + ' | '.join(head) + ' |', '|---' * len(head) + '|']
    for name, row in result['memory'].items():
        cells = [row['fixed_gb'], row['clip_mb'], row['iteration_gb'], *row['labeled'].values()]
        lines.append(f'| {name} | ' + ' | '.join(map(str, cells)) + ' |')
    return '\n'.join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parser(__doc__, 'paper', rounds=1).parse_args(argv)
    # As on a GPU, where short sequences take the fused kernel, too.
    vit_layers.CPU_SHORT_SEQUENCE = 0
    result = measure(args)
    print(json.dumps(result, indent=2) if args.json else table(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
