"""Measure a training iteration of our methods against SVFormer's released step, in one run.

    python benchmarks/step.py [--device cuda] [--size paper] [--json]

Before anything is timed, both make the same float32 step with the same weights, clips and draws,
and must agree. Then all take turns; the medians are compared. Ratios are times as fast as the
reference in float32. ``mfu`` is the rate of the step's multiply-adds over that of a large matrix
product in the same type, measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence

import torch
from machine import describe_machine
from reference_step import Draws, ReferenceStep, reference_name
from systems import METHODS, NUM_CLASSES, SIZES, OurStep, Size, build_system, make_batch
from timing import parser, peak_mb, take_turns
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

TOLERANCE = 1e-4
MATRIX = {'cpu': 2048, 'cuda': 8192}
DTYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16}
CONTENDERS = [f'{system}_{name}' for system in ('reference', *METHODS) for name in DTYPES]
RATIOS = {
    'fp32_ratio': ('reference_fp32', 'svformer_fp32'),
    'bf16_ratio': ('reference_fp32', 'svformer_bf16'),
    'bf16_over_autocast_reference': ('reference_bf16', 'svformer_bf16'),
    'asl_over_video': ('asl_mix_fp32', 'svformer_fp32'),
    'asl_over_video_bf16': ('asl_mix_bf16', 'svformer_bf16'),
}
WRAPPERS = {'fp32': 'OptimWrapper', 'bf16': 'AutocastOptimWrapper'}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    made = parser(__doc__, 'small', rounds=5)
    made.add_argument(
        '--contenders', nargs='+', default=CONTENDERS, choices=CONTENDERS, metavar='NAME',
        help='<system>_<precision>, all of them by default',
    )  # fmt: skip
    made.add_argument('--only', metavar='NAME', help='make steps of one contender; for memory')
    return made.parse_args(argv)


def compare_losses(size: Size, device: torch.device) -> float:
    """Make a step of both with the same weights and draws; return the largest difference.

    Raises:
        RuntimeError: they differ by more than `TOLERANCE`, relative to the loss; or weights do.
    """
    torch.manual_seed(0)
    ours = build_system('svformer', size, device, drop_path=0.0, faithful=True)
    reference = ReferenceStep(dict(size.backbone, drop_path_rate=0.0), NUM_CLASSES, device)
    # so that some pseudo labels of random networks pass
    ours.threshold.threshold = reference.threshold = 0.05
    reference.load(ours.student.state_dict())
    batch = make_batch(size, device)
    labeled, weak, strong = normalized(ours, batch)

    drawn = []
    ours.mixer.register_forward_hook(lambda _, args, result: drawn.append((args[2], result)))
    log = {name: float(value.detach()) for name, value in OurStep(ours)(batch).items()}
    partner, mixed = drawn[0]
    draws = Draws(float(mixed.ratio[0]), mixed.mask[0].float(), partner)
    expected = reference(labeled, labels_of(batch, device), weak, strong, draws=draws)

    loss = max(abs(log[name] - expected[name]) / expected['loss'] for name in expected)
    weights = max(
        float((value - reference.student.get_parameter(reference_name(name))).detach().abs().max())
        for name, value in ours.student.named_parameters()
    )
    if not (loss < TOLERANCE and weights < TOLERANCE and log['loss_unsup'] > 0):
        raise RuntimeError(f'Ours {log} is not the reference {expected}; weights: {weights}')
    return loss


def normalized(model: nn.Module, batch: dict) -> list[Tensor]:
    """Return the clips as the reference gets them from its loader."""
    inputs = batch['inputs']
    views = [inputs['labeled']['weak'], inputs['unlabeled']['weak'], inputs['unlabeled']['strong']]
    return [model.data_preprocessor.normalize(view['video']) for view in views]


def labels_of(batch: dict, device: torch.device) -> Tensor:
    """Return the labels of the labeled clips."""
    samples = batch['data_samples']['labeled']
    return torch.cat([sample.gt_label for sample in samples]).to(device)


def contender(name: str, size: Size, device: torch.device) -> Callable[[], object]:
    """Return what makes an iteration of ``reference`` or of a method, in a precision.

    Args:
        name: ``<system>_<precision>``, as ``asl_mix_bf16``.
        size: of networks and clips.
        device: where.
    """
    system, _, precision = name.rpartition('_')
    torch.manual_seed(0)
    batch = make_batch(size, device)
    if system != 'reference':
        step = OurStep(build_system(system, size, device), WRAPPERS[precision])
        return lambda: step(batch)
    amp = None if precision == 'fp32' else DTYPES[precision]
    backbone = dict(size.backbone, drop_path_rate=0.1)
    reference = ReferenceStep(backbone, NUM_CLASSES, device, amp=amp)
    ours = build_system('svformer', size, device)
    reference.load(ours.student.state_dict())
    labeled, weak, strong = normalized(ours, batch)
    labels = labels_of(batch, device)
    return lambda: reference(labeled, labels, weak, strong)


def matrix_product(dtype: torch.dtype, device: torch.device) -> tuple[Callable, int]:
    """Return a large matrix product and its floating-point operations."""
    side = MATRIX[device.type]
    one, other = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    return lambda: one @ other, 2 * side**3


def operations(method: str, size: Size, device: torch.device) -> int:
    """Return the floating-point operations of an iteration; a multiply-add is two.

    Counted for one labeled clip with one and with two unlabeled ones, from which those of any
    numbers follow, and with explicit attention, as fused kernels are not counted everywhere.
    """
    counts = []
    for unlabeled in (1, 2):
        few = size._replace(labeled=1, unlabeled=unlabeled)
        step, batch = OurStep(build_system(method, few, device)), make_batch(few, device)
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            step(batch)
        counts.append(counter.get_total_flops())
    of_unlabeled = counts[1] - counts[0]
    return size.labeled * (counts[0] - of_unlabeled) + size.unlabeled * of_unlabeled


def peak_memory(name: str, args: argparse.Namespace) -> float:
    """Return the peak memory in MB of a process that makes steps of one contender alone."""
    command = [sys.executable, __file__, '--device', args.device, '--size', args.size]
    output = subprocess.run([*command, '--only', name], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(output.splitlines()[-1])['peak_mb']  # the log may come before


def make_steps(name: str, size: Size, device: torch.device) -> dict[str, float]:
    """Make two steps of one contender; return the peak memory of this process."""
    call = contender(name, size, device)
    call()
    call()
    return {'peak_mb': peak_mb(device)}


def measure(args: argparse.Namespace) -> dict:
    """Compare, time and weigh the contenders."""
    size, device = SIZES[args.size], torch.device(args.device)
    difference = compare_losses(size, device)
    calls = {name: contender(name, size, device) for name in args.contenders}
    products = {name: matrix_product(dtype, device) for name, dtype in DTYPES.items()}
    calls |= {f'product_{name}': call for name, (call, _) in products.items()}
    seconds = take_turns(calls, args.rounds, device)
    del calls
    rates = {name: products[name][1] / seconds.pop(f'product_{name}') for name in DTYPES}
    methods = dict.fromkeys(n.rpartition('_')[0] for n in seconds if 'reference' not in n)
    flops = {method: operations(method, size, device) for method in methods}
    return {
        'machine': describe_machine(),
        'device': args.device,
        'device_name': torch.cuda.get_device_name() if args.device == 'cuda' else None,
        'size': {'name': args.size, **size._asdict()},
        'loss_difference': difference,
        'seconds': {name: round(value, 4) for name, value in seconds.items()},
        **ratios(seconds),
        'gflop': {name: round(value / 1e9, 1) for name, value in flops.items()},
        'product_gflops': {name: round(rate / 1e9, 1) for name, rate in rates.items()},
        'mfu': {
            f'{method}_{name}': round(flops[method] / seconds[f'{method}_{name}'] / rate, 3)
            for method in flops
            for name, rate in rates.items()
            if f'{method}_{name}' in seconds
        },
        'memory_mb': {name: round(peak_memory(name, args)) for name in seconds},
    }


def ratios(seconds: dict[str, float]) -> dict[str, float]:
    """Return by name how often the second contender's seconds are those of the first."""
    return {
        name: round(seconds[one] / seconds[other], 3)
        for name, (one, other) in RATIOS.items()
        if one in seconds and other in seconds
    }


def table(result: dict) -> str:
    """Return what was measured, for people."""
    lines = [f'{"":22}{"seconds":>9}{"mfu":>7}{"MB":>8}']
    for name, seconds in result['seconds'].items():
        mfu = result['mfu'].get(name)
        share = f'{100 * mfu:5.0f} %' if mfu else ''
        lines.append(f'{name:22}{seconds:9.3f}{share:>7}{result["memory_mb"][name]:8}')
    return '\n'.join([*lines, *(f'{name}: {result[name]}' for name in RATIOS if name in result)])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    if args.only:
        result = make_steps(args.only, SIZES[args.size], torch.device(args.device))
        print(json.dumps(result))
        return 0
    result = measure(args)
    print(json.dumps(result, indent=2) if args.json else table(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
