"""Predict what is done in videos, by a checkpoint of a training run.

Examples:
    python tools/predict.py clip.mp4 --weights epoch_15.pth
    python tools/predict.py videos/ --weights epoch_15.pth --use teacher --out predictions.json
    python tools/predict.py clip.mp4 --weights epoch_15.pth --out-dir played --localize
    python tools/predict.py unlabeled.csv --weights epoch_15.pth --save-pseudo-labels pseudo.csv

Inputs are files, URLs, folders, and lists as of training (*.csv), whose labels are not looked at.
A file that cannot be used is named and left out. The config is in the checkpoint; --model is for
one that is not, or that names plugins.

Exit status: 0 all is predicted; 1 some inputs cannot be used, which are named; 2 nothing is
predicted, or a mistake or a fault, in one line; 130 stopped by Ctrl-C, 143 by SIGTERM, 129 as the
terminal was closed; 141 the reader of the output has gone, as after | head. What was done before
is written in each case; after 141, to --out alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavssl.utils.cli import INTERRUPTED, add_reading_arguments, run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.stop_signals import Stopped, stop_signals

if TYPE_CHECKING:
    from mmavssl.apis import AVActionInferencer

MEASURES = ('entropy', 'margin', 'confidence')
UNCERTAIN_LIST = Path('most_uncertain.csv')
#: Exit statuses.
SOME_FAILED, NONE_PREDICTED = 1, 2


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'inputs', nargs='+', metavar='INPUT', help='video, URL, folder or list (*.csv)'
    )
    parser.add_argument(
        '--data-root', metavar='DIR',
        help='what the paths of lists are relative to (default: the folder of a list, or the '
        'nearest one above it, that has its files)',
    )  # fmt: skip
    parser.add_argument(
        '--weights', required=True, help='checkpoint of a training run, or a published network'
    )
    parser.add_argument(
        '--model', metavar='CONFIG',
        help='config, or the name of a model of the model index (default: that of the checkpoint)',
    )  # fmt: skip
    parser.add_argument('--device', help='cpu, cuda, cuda:1 (default: a GPU if there is one)')
    parser.add_argument(
        '--use', choices=('student', 'teacher'),
        help="network to predict with; default: the config's `model.test_with`, or the student",
    )  # fmt: skip
    parser.add_argument(
        '--fast', action='store_true', help='one clip from the middle, not all views of the test'
    )
    parser.add_argument(
        '--audio', choices=('error', 'silence'), help='what to do about a video without sound'
    )
    parser.add_argument('--topk', type=int, default=5, help='classes to list (default: 5)')
    parser.add_argument('--batch-size', type=int, default=1, help='videos at a time (default: 1)')
    parser.add_argument('--workers', type=int, default=0, help='processes that load (default: 0)')
    parser.add_argument('--out', type=given_path, help='JSON file (NAME.json) of all predictions')
    add_drawing_arguments(parser)
    add_list_arguments(parser)
    add_reading_arguments(parser)
    return parser.parse_intermixed_args(argv)


def add_drawing_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is about videos of the predictions."""
    group = parser.add_argument_group('videos')
    group.add_argument(
        '--out-dir', type=given_path, metavar='DIR',
        help='write each video with its sound and the likeliest classes to DIR/<name>.mp4',
    )  # fmt: skip
    group.add_argument(
        '--localize', action='store_true', help='draw in them where the sound comes from'
    )


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is about lists for the next training."""
    group = parser.add_argument_group('lists')
    group.add_argument(
        '--save-pseudo-labels', type=given_path, metavar='CSV',
        help='write the likeliest classes as a manifest that training reads',
    )  # fmt: skip
    group.add_argument(
        '--min-confidence', type=float, default=0.0, metavar='P',
        help='leave less likely ones out of it (default: 0)',
    )  # fmt: skip
    group.add_argument(
        '--most-uncertain', type=int, metavar='N',
        help='write a manifest of the N least certain videos, to be labeled by somebody',
    )  # fmt: skip
    group.add_argument(
        '--uncertainty', choices=MEASURES,
        help='of --most-uncertain: entropy of all classes (default), margin between the likeliest '
        'two, or confidence in the likeliest',
    )  # fmt: skip
    group.add_argument(
        '--uncertain-list', type=given_path, metavar='CSV',
        help=f'file of --most-uncertain (default: {UNCERTAIN_LIST})',
    )  # fmt: skip


def check_options(args: argparse.Namespace) -> None:
    """Raise a ConfigError if an option has no effect, or none that can be meant."""
    from mmavssl.utils.errors import ConfigError

    if args.localize and not args.out_dir:
        raise ConfigError('--localize draws into videos: name their folder by --out-dir.')
    if args.min_confidence and not args.save_pseudo_labels:
        raise ConfigError('--min-confidence is about --save-pseudo-labels: name its file.')
    if not 0 <= args.min_confidence <= 1:
        raise ConfigError(f'--min-confidence {args.min_confidence:g} is not from 0 to 1.')
    if args.most_uncertain is None:
        for name in ('uncertainty', 'uncertain_list'):
            if getattr(args, name) is not None:
                option = f'--{name.replace("_", "-")}'
                raise ConfigError(f'{option} is about --most-uncertain: say how many.')
    elif args.most_uncertain < 1:
        raise ConfigError(f'--most-uncertain {args.most_uncertain}: expected 1 or more.')


def check_files(args: argparse.Namespace) -> None:
    """Raise a ConfigError if a file cannot be written after the work."""
    from mmavssl.apis.call_arguments import check_json_file
    from mmavssl.apis.input_places import local_path
    from mmavssl.utils.errors import ConfigError
    from mmavssl.utils.outputs import check_output

    if args.out:
        check_json_file(args.out)
    inputs = {os.path.realpath(local_path(place)) for place in args.inputs}
    uncertain = args.most_uncertain and uncertain_list(args)
    written: dict[str, str] = {}
    for what, path in (
        ('--out', args.out),
        ('pseudo labels', args.save_pseudo_labels),
        ('uncertain videos', uncertain),
    ):
        if not path:
            continue
        real = os.path.realpath(path)
        if real in inputs:
            raise ConfigError(f'{path} is an input, which would be overwritten. Name another.')
        if real in written:
            raise ConfigError(f'{path} cannot have {written[real]} and {what}. Name two files.')
        written[real] = what
        check_output(path)


def uncertain_list(args: argparse.Namespace) -> Path:
    """Return the file of --most-uncertain."""
    return args.uncertain_list or UNCERTAIN_LIST


def open_inferencer(args: argparse.Namespace) -> AVActionInferencer:
    """Load the model."""
    import mmavssl.datasets
    import mmavssl.models  # noqa: F401  (both fill the registries)
    from mmavssl.apis import AVActionInferencer
    from mmavssl.apis.inference_config import inference_config

    cfg = inference_config(args.model, args.weights, args.cfg_options, args.safe_config)
    return AVActionInferencer(
        cfg,
        args.weights,
        device=args.device,
        use=args.use,
        views='fast' if args.fast else 'full',
        audio=args.audio,
        num_workers=args.workers,
    )


def write_lists(
    args: argparse.Namespace, predictions: list[dict[str, Any]], classes: Sequence[str] | None
) -> None:
    """Write the lists that are asked for, and say what is in them."""
    from mmavssl.apis.prediction_lists import (
        most_uncertain,
        save_pseudo_labels,
        save_unlabeled,
    )

    if args.most_uncertain:
        path, measure = uncertain_list(args), args.uncertainty or MEASURES[0]
        chosen = most_uncertain(predictions, args.most_uncertain, measure)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_unlabeled(path, chosen)
        print(
            f'{path}: {len(chosen)} of {len(predictions)} videos, the least certain by {measure} '
            'first'
        )
    if args.save_pseudo_labels:
        path = args.save_pseudo_labels
        path.parent.mkdir(parents=True, exist_ok=True)
        count = save_pseudo_labels(path, predictions, classes, args.min_confidence)
        print(f'{path}: pseudo labels of {count} of {len(predictions)} videos')


def log_to_stderr() -> None:
    """Let warnings alone be logged, and not among the predictions."""
    from mmengine.logging import MMLogger

    logger = MMLogger.get_instance('predict', logger_name='predict', log_level='WARNING')
    for handler in logger.handlers:
        handler.stream = sys.stderr


def gather(
    batches: Generator[dict[str, list], None, None],
) -> tuple[dict[str, list], KeyboardInterrupt | Exception | None]:
    """Return the results of all batches, or of those before an end, and what has ended them."""
    results: dict[str, list] = {'predictions': [], 'visualization': [], 'errors': []}
    try:
        with closing(batches):
            for batch in batches:
                for name, items in batch.items():
                    results[name] += items
    except KeyboardInterrupt as stopped:
        return results, stopped.with_traceback(None)  # which keeps processes that load alive
    except Exception as error:  # is raised again when what was done is written
        return results, error
    return results, None


def predict(args: argparse.Namespace) -> int:
    """Predict, and write what is asked for; return the exit status."""
    check_options(args)
    check_files(args)
    log_to_stderr()
    from mmavssl.apis.inference_inputs import list_inputs
    from mmavssl.apis.prediction_lists import check_nameable

    clips = list_inputs(args.inputs, args.data_root)
    if args.save_pseudo_labels or args.most_uncertain:
        check_nameable(clip.path for clip in clips)
    inferencer = open_inferencer(args)
    batches = inferencer.in_batches(
        clips,
        batch_size=args.batch_size,
        topk=args.topk,
        localize=args.localize,
        out_dir=args.out_dir or '',
        print_result=True,
        pred_out_file=args.out or '',
    )
    results, ended = gather(batches)
    for path in filter(None, results['visualization']):
        print(path)
    if results['predictions']:
        lists = (args, results['predictions'], inferencer.classes)
        try:
            write_lists(*lists)
        except KeyboardInterrupt as late:
            ended = late
            write_lists(*lists)
    status = say_what_is_missing(results, len(clips), ended)
    if isinstance(ended, Exception):
        raise ended
    return status


def say_what_is_missing(
    results: dict[str, list], count: int, ended: KeyboardInterrupt | Exception | None
) -> int:
    """Say which of all inputs are not predicted, and return the exit status."""
    predictions, errors = results['predictions'], results['errors']
    done = len(predictions) + len(errors)
    if errors:
        print(
            f'predict: {len(errors)} of {done} videos cannot be used, such as '
            f'{errors[0]["path"]}',
            file=sys.stderr,
        )
    if done and isinstance(ended, Exception):
        print(
            f'predict: failed after {done} of {count} videos; what was done before is written',
            file=sys.stderr,
        )
    if isinstance(ended, KeyboardInterrupt):
        print(
            f'predict: stopped after {done} of {count} videos; what was done before is written',
            file=sys.stderr,
        )
        return status_of(ended)
    if not predictions:
        return NONE_PREDICTED
    return SOME_FAILED if errors else 0


def status_of(stopped: KeyboardInterrupt) -> int:
    """Return the exit status of Ctrl-C, or of another signal."""
    return stopped.status if isinstance(stopped, Stopped) else INTERRUPTED


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    with stop_signals():
        return run_tool('predict', predict, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
