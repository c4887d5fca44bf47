"""Measure the localizer's trunk with channels last against torchvision's with channels first.

    python benchmarks/channels.py [--device cuda] [--size paper] [--json]

Both have the same weights, see the frames of an iteration without gradients, as the masker asks a
frozen localizer, and must agree. Contenders take turns in one run; ratios are of medians.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import torch
from machine import describe_machine
from systems import SIZES
from timing import parser, take_turns
from torch import Tensor, nn
from torchvision.models import resnet18

from mmavssl.models.localizers.av_resnet import ResNet18Trunk

TOLERANCE = 1e-3
PRECISIONS = {'fp32': False, 'bf16': True}


def trunks(device: torch.device) -> dict[str, nn.Module]:
    """Return our trunk and torchvision's with the same weights."""
    torch.manual_seed(0)
    whole = resnet18().eval()
    ours = ResNet18Trunk(3).eval()
    ours.load_state_dict({k: v for k, v in whole.state_dict().items() if not k.startswith('fc.')})
    # all but the pooling and the linear layer behind
    theirs = nn.Sequential(*list(whole.children())[:-2])
    return {'last': ours.to(device), 'first': theirs.to(device)}


@torch.inference_mode()
def encode(trunk: nn.Module, frames: Tensor, autocast: bool) -> Tensor:
    """Return the features of frames."""
    with torch.autocast(frames.device.type, torch.bfloat16, enabled=autocast):
        return trunk(frames)


def measure(args: argparse.Namespace) -> dict:
    """Compare features, then time."""
    size, device = SIZES[args.size], torch.device(args.device)
    networks = trunks(device)
    shape = (size.unlabeled * size.num_frames, 3, size.side, size.side)
    frames = torch.rand(shape, device=device)
    one, other = (encode(network, frames, False) for network in networks.values())
    difference = float((one - other).abs().max() / other.abs().max())
    if difference > TOLERANCE:
        raise RuntimeError(f'The features differ by {difference:.2g} of the largest one.')
    calls = {
        f'{name}_{precision}': lambda n=network, a=autocast: encode(n, frames, a)
        for name, network in networks.items()
        for precision, autocast in PRECISIONS.items()
    }
    seconds = take_turns(calls, args.rounds, device, warm_up=2)
    return {
        'machine': describe_machine(),
        'device': args.device,
        'frames': list(shape),
        'difference': difference,
        'milliseconds': {name: round(1000 * value, 2) for name, value in seconds.items()},
        'ratio': {
            name: round(seconds[f'first_{name}'] / seconds[f'last_{name}'], 2)
            for name in PRECISIONS
        },
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parser(__doc__, 'paper', rounds=7).parse_args(argv)
    result = measure(args)
    text = f'Channels last: {result["ratio"]} times as fast ({result["milliseconds"]} ms)'
    print(json.dumps(result, indent=2) if args.json else text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
