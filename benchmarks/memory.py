"""Count what a training iteration keeps for its backward pass, and what batch a GPU has room for.

    python benchmarks/memory.py [--json]

Counted on the CPU, with the kernels that save what those of a GPU save: the bytes of all tensors
that the losses' graph keeps, for one and for two labeled clips, from which those of any number
follow. To them come weights, gradients, momenta and the teacher in float32, and the student's
weights in bfloat16. What an allocator wastes and what single operations need for a moment is not
counted; `MARGIN` is for it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

import torch
from machine import describe_machine
from run import memory_table
from step import DTYPES, contender
from systems import SIZES, Size, build_system
from timing import parser
from torch import Tensor

from mmavssl.models.backbones import vit_layers

SYSTEMS = ('reference', 'svformer', 'asl_mix')  # SVFormer-Flex keeps what SVFormer does
GPUS_GIB = (24, 48, 80, 141)
MARGIN = 0.85  # of a GPU's memory that is to be filled
UNLABELED_OF_ONE = 5
CLIPS = 1 + 2 * UNLABELED_OF_ONE  # of the student, with one labeled clip


def kept_bytes(step: Callable[[], object]) -> int:
    """Return the bytes that the graph of an iteration keeps, weights included."""
    kept = {}

    def keep(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return value.detach()  # what a node gives would keep the node, and itself, for good

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        step()  # no part of the graph goes before all of it is there
    return sum(kept.values())


def clip_bytes(name: str, size: Size) -> float:
    """Return the bytes kept for a clip that the student sees.

    Args:
        name: ``<system>_<precision>``.
        size: of networks and clips.
    """
    one, two = (
        kept_bytes(contender(name, size._replace(labeled=n, unlabeled=1), torch.device('cpu')))
        for n in (1, 2)
    )
    return two - one


def checkpointed(clip: float, size: Size) -> float:
    """Return the bytes of a clip where blocks keep their inputs and one is computed again."""
    tokens = 1 + size.num_frames * (size.side // size.patch_size) ** 2
    return 4 * size.depth * tokens * size.embed_dims + clip / size.depth


def fixed_bytes(system: str, precision: str, size: Size) -> int:
    """Return the bytes of weights, gradients and momenta of the student, and of the rest."""
    method = 'svformer' if system == 'reference' else system
    model = build_system(method, size, torch.device('cpu'))
    trained = sum(value.numel() for value in model.student.parameters())
    others = sum(value.numel() for value in model.parameters()) - trained
    return 4 * (3 * trained + others) + (2 * trained if precision == 'bf16' else 0)


def row(fixed: float, clip: float) -> dict:
    """Return the figures of a system.

    Args:
        fixed: bytes whatever the number of clips.
        clip: bytes of one that the student sees.

    Returns:
        Among others ``labeled``: how many labeled clips, with five unlabeled ones each, a GPU has
        room for.
    """
    room = {gib: max(0.0, MARGIN * gib * 2**30 - fixed) for gib in GPUS_GIB}
    return {
        'fixed_gb': round(fixed / 1e9, 2),
        'clip_mb': round(clip / 1e6),
        'iteration_gb': round((fixed + CLIPS * clip) / 1e9, 1),
        'labeled': {str(gib): int(left / (CLIPS * clip)) for gib, left in room.items()},
    }


def measure(args: argparse.Namespace) -> dict:
    """Count for all systems and precisions."""
    size = SIZES[args.size]
    rows = {}
    for system in SYSTEMS:
        for precision in DTYPES:
            name = f'{system}_{precision}'
            fixed, clip = fixed_bytes(system, precision, size), clip_bytes(name, size)
            rows[name] = row(fixed, clip)
            if system != 'reference':
                rows[f'{name}_checkpointed'] = row(fixed, checkpointed(clip, size))
    return {'machine': describe_machine(), 'size': args.size, 'memory': rows}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parser(__doc__, 'paper', rounds=1).parse_args(argv)
    # As on a GPU, where short sequences take the fused kernel, too.
    vit_layers.CPU_SHORT_SEQUENCE = 0
    result = measure(args)
    print(json.dumps(result, indent=2) if args.json else memory_table(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
