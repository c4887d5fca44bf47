"""Write one self-contained HTML page about a training run.

Example:
    python tools/analysis/report.py work_dirs/asl_mix/avsprites_2shot --out report.html

It has the settings, curves, accuracy by class, confusion, clips right and wrong, masks, cost and
time, and on what it was trained. The newest checkpoint sees one view of clips of the test list for
it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from mmavssl.utils.cli import run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Write one HTML page about a training run.')
    parser.add_argument('work_dir', type=given_path, help='work directory of tools/train.py')
    parser.add_argument(
        '--out', type=given_path, help='page to write (default: WORK_DIR/report.html)'
    )
    parser.add_argument(
        '--max-clips', type=int, default=200,
        help='clips of the test list to predict, equally many of each class (default: 200)',
    )  # fmt: skip
    args = parser.parse_args(argv)
    if args.max_clips < 1:
        parser.error(f'argument --max-clips: expected at least 1, but got {args.max_clips}')
    return args


def report(args: argparse.Namespace) -> None:
    """Write the page and say where it is."""
    import mmavssl.datasets
    import mmavssl.evaluation
    import mmavssl.models  # noqa: F401  (all fill the registries)
    from mmavssl.apis.report import make_report
    from mmavssl.utils.outputs import check_output

    out = args.out or args.work_dir / 'report.html'
    if args.work_dir.is_dir():  # or what is wrong with it is said below
        check_output(out)
    make_report(
        args.work_dir, out, args.max_clips, lambda text: print(text, file=sys.stderr),
        progress=True,
    )  # fmt: skip
    print(out)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('report', report, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
