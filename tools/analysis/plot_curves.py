"""Draw the training curves of one or more runs into one picture.

Example:
    python tools/analysis/plot_curves.py work_dirs/asl_mix/avsprites_2shot --out curves.png
"""

import argparse
import sys
from collections.abc import Sequence

from mmavssl.utils.cli import run_tool
from mmavssl.utils.guarded_output import guarded_output


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Draw training curves.')
    parser.add_argument('runs', nargs='+', help='work dirs, or their scalars.json')
    parser.add_argument('--out', default='curves.png', help='picture to write')
    return parser.parse_args(argv)


def plot(args: argparse.Namespace) -> None:
    """Draw, and name the picture."""
    from mmavssl.utils.outputs import check_output
    from mmavssl.visualization.curves import plot_curves

    check_output(args.out)
    plot_curves(args.runs, args.out)
    print(args.out)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('plot_curves', plot, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
