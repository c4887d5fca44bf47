"""Prepare UCF-51: the 51 classes of UCF-101 that have sound, by split 1.

Example:
    python tools/data/prepare_ucf51.py /path/to/UCF-101 data/ucf51
"""

import sys
from collections.abc import Sequence

from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.preparation_cli import preparation_parser, run_preparation


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = preparation_parser(__doc__).parse_args(argv)
    return run_preparation('prepare_ucf51', 'ucf51:UCF51', args)


if __name__ == '__main__':
    sys.exit(main())
