"""Prepare Flickr-SoundNet for sound source localization, by the id lists of EZ-VSL or FNAC.

Example:
    python tools/data/prepare_flickr_soundnet.py /path/to/Flickr-SoundNet data/flickr10k \\
        --train-list metadata/flickr_10k.txt --test-list metadata/flickr_test.csv
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
        '--test-list', required=True, metavar='FILE', help='ids for testing, of the release'
    )
    parser.add_argument(
        '--annotations', metavar='FOLDER', help='of the XML files, if they are not below RAW_DIR'
    )
    args = parser.parse_args(argv)
    return run_preparation(
        'prepare_flickr_soundnet', 'flickr_soundnet:FlickrSoundNet', args,
        train_list=args.train_list, test_list=args.test_list, annotations=args.annotations,
        keep_test_ids=args.keep_test_ids,
    )  # fmt: skip


if __name__ == '__main__':
    sys.exit(main())
