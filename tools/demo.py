"""Serve a page on which one drops a clip and sees what a model says of it.

Example:
    python tools/demo.py --weights work_dirs/asl_mix/avsprites_2shot/epoch_15.pth
    python tools/demo.py --weights epoch_50.pth --examples clips/ --port 8080

The page is for this machine alone unless --host says otherwise: whoever reaches it can use it.
Uploads are limited in size and length, and deleted after ten minutes, or when the page's server
ends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from mmavssl.utils.cli import run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.stop_signals import stop_signals

MAX_EXAMPLES = 8


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Serve a page on which one drops a clip and sees what a model says of it.'
    )
    parser.add_argument('--weights', required=True, help='checkpoint of a training run')
    parser.add_argument('--model', help='config (default: the one in the checkpoint)')
    parser.add_argument('--device', help='cpu, cuda or cuda:N (default: a GPU if there is one)')
    parser.add_argument('--use', choices=('student', 'teacher'), help='network to predict with')
    parser.add_argument(
        '--full', action='store_true', help='all views of the test instead of one, which is faster'
    )
    parser.add_argument('--examples', type=given_path, help='folder of clips to choose from')
    parser.add_argument('--host', default='127.0.0.1', help='to listen at (default: %(default)s)')
    parser.add_argument('--port', type=int, default=7860, help='(default: %(default)s)')
    parser.add_argument(
        '--max-megabytes', type=float, default=50, help='of a clip (default: %(default)s)'
    )
    parser.add_argument(
        '--max-seconds', type=float, default=60, help='of a clip (default: %(default)s)'
    )
    return parser.parse_args(argv)


def serve(args: argparse.Namespace) -> None:
    """Load the model, serve the page until it is interrupted or ended, and clean up."""
    from mmavssl.apis import AVActionInferencer
    from mmavssl.apis.demo import (
        DemoService,
        UploadLimits,
        check_address,
        folder_of_page,
        launch_settings,
        make_page,
    )
    from mmavssl.apis.demo.page import import_gradio

    # What is wrong is said before a model is loaded.
    limits = UploadLimits(args.max_megabytes, args.max_seconds)
    check_address(args.host, args.port)
    examples = list_examples(args.examples) if args.examples else []
    with stop_signals(end), folder_of_page() as folder:
        import_gradio()
        views = 'full' if args.full else 'fast'
        inferencer = AVActionInferencer(
            args.model, args.weights, args.device, use=args.use, views=views
        )
        service = DemoService(inferencer, limits, folder, examples)
        page = make_page(service, f'mmavssl: {Path(args.weights).name}', examples, limits)
        with closing(page):
            page.launch(**launch_settings(args.host, args.port, limits))


def list_examples(folder: Path) -> list[str]:
    """Return clips of a folder, from all over its list: the first ones may be of one class.

    Raises:
        ConfigError: there is no such folder.
        DataError: it has no videos.
    """
    from mmavssl.apis.inference_inputs import list_inputs
    from mmavssl.utils.errors import ConfigError

    if not folder.is_dir():
        raise ConfigError(f'--examples {folder} is no folder. Name a folder of clips.')
    paths = [clip.path for clip in list_inputs(folder)]
    number = min(len(paths), MAX_EXAMPLES)
    return [paths[place * len(paths) // number] for place in range(number)]


def end(signal_number: int) -> None:
    """Leave as after an interrupt, so that uploads and answers are deleted."""
    sys.exit()


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('demo', serve, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
