"""Command line of the tools that prepare data sets; ``--help`` imports nothing heavy."""

import argparse
import os
from pkgutil import resolve_name
from typing import Any

from mmavssl.utils.cli import if_stopped, run_tool
from mmavssl.utils.cli_types import given_path, positive
from mmavssl.utils.commands import as_typed

PACKAGE = 'mmavssl.datasets.preparation'


def preparation_parser(
    doc: str, annotations: bool = False, needs_sound: bool = False
) -> argparse.ArgumentParser:
    """Return a parser with the arguments that all of these tools have.

    Args:
        doc: docstring of the tool: what it does, and examples.
        annotations: whether there is ``--annotations``.
        needs_sound: whether there is no ``--keep-silent``.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('raw_dir', type=given_path, metavar='RAW_DIR', help='folder of the videos')
    parser.add_argument('out_dir', type=given_path, metavar='OUT_DIR', help='folder of the lists')
    parser.add_argument(
        '--workers', type=positive, default=os.cpu_count(), help='processes (default: all cores)'
    )
    parser.add_argument(
        '--decode', action='store_true', help='decode all of each file, not only its beginning'
    )
    if needs_sound:
        parser.set_defaults(keep_silent=False)
    else:
        parser.add_argument(
            '--keep-silent', action='store_true',
            help='keep clips without sound (video-only methods)',
        )  # fmt: skip
    parser.add_argument(
        '--absolute', action='store_true', help='write absolute paths instead of making a link'
    )
    parser.add_argument(
        '--retry', action='store_true', help='read again files that had a problem before'
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace a classes.txt that has other names'
    )
    if annotations:
        parser.add_argument(
            '--annotations', nargs='+', default=[], metavar='FILE',
            help='official lists, where they are not below RAW_DIR',
        )  # fmt: skip
    cluster = parser.add_mutually_exclusive_group()
    cluster.add_argument(
        '--shard', type=_shard, metavar='i/n', help='read the i-th of n parts, write no lists'
    )
    cluster.add_argument(
        '--merge', action='store_true', help='write the lists from what the shards have read'
    )
    return parser


def localizer_parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser with the arguments that data sets of localizers have.

    Args:
        doc: docstring of the tool.
    """
    parser = preparation_parser(doc, needs_sound=True)
    parser.add_argument(
        '--train-list', required=True, metavar='FILE', help='ids for training, of the release'
    )
    parser.add_argument(
        '--keep-test-ids', action='store_true',
        help='keep ids of the test list in training, as the papers did',
    )  # fmt: skip
    return parser


def run_preparation(tool: str, recipe: str, args: argparse.Namespace, **keys: Any) -> int:
    """Prepare a data set and return the exit status of the tool.

    Args:
        tool: its name, for messages.
        recipe: module and class of the recipe, such as 'k400:K400'.
        args: of `preparation_parser`.
        keys: arguments of the recipe.
    """

    @if_stopped('The same command goes on from here.')
    def job(args: argparse.Namespace) -> None:
        print(_prepare(recipe, args, keys))

    return run_tool(tool, job, args)


def _prepare(recipe: str, args: argparse.Namespace, keys: dict[str, Any]) -> str:
    # Imported here, as it takes seconds: `--help` does not wait for it.
    from mmavssl.datasets.preparation.earlier_lists import describe_stale_splits
    from mmavssl.datasets.preparation.prepare import Options, prepare
    from mmavssl.datasets.preparation.summary import format_summary

    options = Options(
        args.workers, args.decode, args.keep_silent, args.absolute, args.retry, args.shard,
        args.merge, progress=True, overwrite=args.overwrite,
    )  # fmt: skip
    made = resolve_name(f'{PACKAGE}.{recipe}')(**keys)
    summary = prepare(made, args.raw_dir, args.out_dir, options)
    if summary is None:
        return 'Part {} of {} is read. When all are: --merge.'.format(*args.shard)
    stale = describe_stale_splits(args.out_dir)
    warning = f'WARNING: {as_typed(stale)}\n' if stale else ''
    return f'{format_summary(summary)}\n{warning}The lists are in {args.out_dir}.'


def _shard(text: str) -> tuple[int, int]:
    index, _, count = text.partition('/')
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise argparse.ArgumentTypeError(f'expected i/n with i from 1 to n, but got {text!r}')
    return int(index), int(count)
