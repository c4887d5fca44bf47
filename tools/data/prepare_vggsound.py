"""Prepare VGGSound.

Example:
    python tools/data/prepare_vggsound.py /path/to/vggsound data/vggsound
    python tools/data/prepare_vggsound.py /path/to/videos data/vggsound --annotations LIST.csv
"""

import sys
from collections.abc import Sequence

from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.preparation_cli import preparation_parser, run_preparation


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = preparation_parser(__doc__, annotations=True).parse_args(argv)
    return run_preparation(
        'prepare_vggsound', 'vggsound:VGGSound', args, annotations=args.annotations
    )


if __name__ == '__main__':
    sys.exit(main())
