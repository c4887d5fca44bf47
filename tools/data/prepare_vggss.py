"""Prepare VGG-SS for sound source localization, by the id lists of EZ-VSL or FNAC.

Example:
    python tools/data/prepare_vggss.py /path/to/VGGSound data/vggss10k \\
        --train-list metadata/vggss_10k.txt --annotations metadata/vggss.json
"""

import sys
from collections.abc import Sequence

from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.preparation_cli import localizer_parser, run_preparation


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    parser = localizer_parser(__doc__)
    parser.add_argument(
        '--annotations', required=True, metavar='FILE', help='vggss.json, boxes by id'
    )
    parser.add_argument(
        '--test-list', metavar='FILE', help='ids for testing (default: all that have boxes)'
    )
    args = parser.parse_args(argv)
    return run_preparation(
        'prepare_vggss', 'vggss:VGGSS', args,
        train_list=args.train_list, test_list=args.test_list, annotations=args.annotations,
        keep_test_ids=args.keep_test_ids,
    )  # fmt: skip


if __name__ == '__main__':
    sys.exit(main())
