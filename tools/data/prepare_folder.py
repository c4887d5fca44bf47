"""Prepare one's own videos: a folder per class, or a folder without classes.

Example:
    python tools/data/prepare_folder.py data/own data/own     # train/<class>/, test/<class>/
    python tools/data/prepare_folder.py /path/to/videos data/own --test-percent 20   # <class>/
    python tools/data/prepare_folder.py /path/to/more data/more --unlabeled
"""

import argparse
import sys
from collections.abc import Sequence

from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.preparation_cli import preparation_parser, run_preparation


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = preparation_parser(__doc__)
    parser.add_argument(
        '--test-percent', type=float,
        help='share of each class for testing, if there is no folder test (default: 20)',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, help='of the choice of test clips')
    parser.add_argument(
        '--unlabeled', action='store_true', help='write one list, without labels, of all videos'
    )
    return parser


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if not args.unlabeled:
        keys = dict(test_percent=args.test_percent, seed=args.seed)
        return run_preparation('prepare_folder', 'folder:Folder', args, **keys)
    if args.test_percent is not None:
        parser.error('argument --test-percent: not allowed with argument --unlabeled')
    return run_preparation('prepare_folder', 'folder:Unlabeled', args)


if __name__ == '__main__':
    sys.exit(main())
