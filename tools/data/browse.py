"""Show what the model sees: a contact sheet and a page of views, sounds, masks and mixed clips.

Examples:
    python tools/data/browse.py configs/asl_mix/avsprites_2shot.py
    python tools/data/browse.py configs/asl_mix/ucf51_1shot.py --part test --indices 3 141
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmavssl.utils.cli import add_reading_arguments, run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from mmengine.config import Config


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Draw clips as training does, and show what reaches the networks.'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--num-clips', type=int, default=8, metavar='N', help='clips, evenly from the list'
    )
    parser.add_argument(
        '--indices', type=int, nargs='+', metavar='I', help='these clips of the list, from 0'
    )
    parser.add_argument('--part', choices=('train', 'val', 'test'), default='train')
    parser.add_argument(
        '--stream', choices=('labeled', 'unlabeled'),
        help='of the training part (default: unlabeled, where there are such clips)',
    )  # fmt: skip
    parser.add_argument('--epoch', type=int, default=0, help='of the draws')
    parser.add_argument('--repeat', type=int, default=0, help='of the draws within the epoch')
    parser.add_argument(
        '--seed', type=int, help="of the draws and of the mix (default: the config's, or 0)"
    )
    parser.add_argument(
        '--out', type=given_path, metavar='DIR',
        help='folder to write into (default: work_dirs/browse/<folder>_<config>)',
    )  # fmt: skip
    add_reading_arguments(parser)
    return parser.parse_args(argv)


def read_config(args: argparse.Namespace) -> Config:
    """Read the config and check it and the data that it needs here."""
    from mmengine.config import Config

    from mmavssl.datasets.clip_check import check_clips
    from mmavssl.utils.config_check import check_config
    from mmavssl.utils.configs import load_config
    from mmavssl.utils.data_check import check_files

    seed = [] if args.seed is None else [f'randomness.seed={args.seed}']
    cfg = load_config(args.config, [*args.cfg_options, *seed], safe=args.safe_config)
    check_config(cfg)
    loader = f'{args.part}_dataloader'
    # Of the other parts and the networks' weights nothing is needed.
    needed = {key: cfg[key] for key in (loader, 'prepare_commands') if key in cfg}
    check_files(Config(needed), training=args.part != 'test')
    check_clips(cfg, (loader,))
    return cfg


def browse(args: argparse.Namespace) -> None:
    """Check everything, follow the clips, write the picture and the page."""
    from mmavssl.apis.browse import ClipChoice, browse_clips
    from mmavssl.utils.outputs import check_output_folder
    from mmavssl.visualization import save_browse_page, save_contact_sheet

    cfg = read_config(args)
    choice = ClipChoice(
        args.part, args.stream, args.num_clips, args.indices, args.epoch, args.repeat
    )
    file = Path(cfg.filename).resolve()
    out = args.out or Path('work_dirs/browse', f'{file.parent.name}_{file.stem}')
    check_output_folder(out)
    stream = f', {args.stream}' if args.stream else ''
    title = f'{file.parent.name}/{file.stem}: {args.part}{stream}'
    sheet = browse_clips(cfg, choice, title, progress=True)
    for warning in sheet.warnings:
        print(f'browse: {warning}', file=sys.stderr)
    save_contact_sheet(out / 'contact_sheet.png', sheet)
    save_browse_page(out / 'index.html', sheet)
    print(out / 'contact_sheet.png')
    print(out / 'index.html')


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('browse', browse, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
