"""Download a published data set: the videos of UCF-101, Kinetics-400 or VGGSound.

What was stopped goes on from where it was. It is for you to see that you may use the videos.

Example:
    python tools/data/download.py ucf101 raw/ucf101
    python tools/data/download.py k400 raw/k400 --parts val
    python tools/data/download.py vggsound raw/vggsound --per-class 20
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmavssl.utils.cli import if_stopped, run_tool
from mmavssl.utils.cli_types import given_path, positive
from mmavssl.utils.commands import as_typed
from mmavssl.utils.guarded_output import guarded_output

#: The tool that makes lists of what is there.
NEXT = {'ucf101': 'ucf51', 'k400': 'k400', 'vggsound': 'vggsound'}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sets = parser.add_subparsers(dest='dataset', metavar='DATASET', required=True)
    ucf101 = _add(sets, 'ucf101', 'UCF-101, of which UCF-51 is a part: 7 GB, in one archive')
    k400 = _add(sets, 'k400', 'Kinetics-400 in the copy of CVDF: hundreds of archives')
    vggsound = _add(sets, 'vggsound', 'VGGSound: clips that are still on YouTube, by yt-dlp')
    for each in (ucf101, k400):
        each.add_argument('--keep', action='store_true', help='keep archives after unpacking')
    _add_parts(k400, 'train', 'val')
    _add_parts(vggsound, 'train', 'test')
    vggsound.add_argument(
        '--per-class', type=positive, metavar='N',
        help='the first N clips of each class and part that can be had (default: all)',
    )  # fmt: skip
    vggsound.add_argument(
        '--workers', type=positive, default=4,
        help='clips at the same time (default: 4)',
    )  # fmt: skip
    vggsound.add_argument(
        '--height', type=positive, default=360,
        help='of the frames, the largest that is offered up to it (default: 360)',
    )  # fmt: skip
    vggsound.add_argument(
        '--cookies', type=given_path, metavar='FILE',
        help="cookies.txt of a browser, where YouTube asks to sign in (see yt-dlp's manual)",
    )  # fmt: skip
    vggsound.add_argument(
        '--retry', action='store_true', help='ask again for clips that could not be had before'
    )
    vggsound.add_argument(
        '--video-url', metavar='URL', help="of a video with '{id}' for its id (default: YouTube's)"
    )
    return parser.parse_args(argv)


@if_stopped('The same command goes on from here.')
def download(args: argparse.Namespace) -> None:
    """Download a data set, and say what comes next."""
    # Imported here, as it takes seconds: `--help` does not wait for it.
    given = {'base_url': f'{args.base_url.rstrip("/")}/'} if args.base_url else {}
    if args.dataset == 'ucf101':
        from mmavssl.datasets.download.ucf101 import download_ucf101

        said = download_ucf101(args.folder, keep=args.keep, **given)
    elif args.dataset == 'k400':
        from mmavssl.datasets.download.k400 import download_k400

        said = download_k400(args.folder, parts=args.parts, keep=args.keep, **given)
    else:
        said = _download_vggsound(args, given)
    tool = f'python tools/data/prepare_{NEXT[args.dataset]}.py'
    print(said)
    print(as_typed(f'Next: {tool} {args.folder} data/{NEXT[args.dataset]}'))


def _download_vggsound(args: argparse.Namespace, given: dict[str, str]) -> str:
    from mmavssl.datasets.download.vggsound import download_vggsound
    from mmavssl.datasets.download.youtube_clip import VIDEO_URL, ClipOptions

    options = ClipOptions(
        height=args.height, cookies=args.cookies, video_url=args.video_url or VIDEO_URL
    )
    return download_vggsound(
        args.folder, parts=args.parts, per_class=args.per_class, workers=args.workers,
        retry=args.retry, options=options, **given,
    )  # fmt: skip


def _add(sets, name: str, about: str) -> argparse.ArgumentParser:
    parser = sets.add_parser(name, help=about, description=f'{about}.')
    parser.add_argument('folder', type=given_path, metavar='RAW_DIR', help='where it is put')
    parser.add_argument(
        '--base-url', metavar='URL', help='of the folder of its files, where another one has them'
    )
    return parser


def _add_parts(parser: argparse.ArgumentParser, *parts: str) -> None:
    parser.add_argument(
        '--parts', nargs='+', choices=parts, default=parts, help='(default: both)'
    )


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('download', download, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
