"""Choose K labeled clips per class, or take a published choice; the rest is the unlabeled pool.

Example:
    python tools/data/make_split.py data/ucf51/manifest_train.csv --shots 1 --seed 0
    python tools/data/make_split.py data/ucf51/manifest_train.csv --percent 5
    python tools/data/make_split.py data/ucf51/manifest_train.csv --import-labeled LIST
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmavssl.utils.cli import run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Make a k-shot split of a training manifest.')
    parser.add_argument('manifest', type=given_path, help='list of the training clips with labels')
    parser.add_argument(
        '--classes', type=given_path, help='class names (default: classes.txt beside it)'
    )
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument('--shots', type=int, help='labeled clips per class')
    amount.add_argument('--percent', type=float, help='labeled share of each class, at least 1')
    amount.add_argument(
        '--import-labeled', type=given_path, metavar='LIST',
        help='take the labeled clips from a published list `path label`, such as SVFormer\'s, by '
        'their file names; the labels are those of the manifest',
    )  # fmt: skip
    parser.add_argument(
        '--import-unlabeled', type=given_path, metavar='LIST',
        help='the unlabeled ones likewise (default: the rest of the manifest)',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, help='of the choice (default: 0)')
    parser.add_argument(
        '--out', type=given_path,
        help='folder (default: splits/<shots>shot_seed<seed>, <percent>percent_seed<seed>, or the '
        'name of the imported list)',
    )  # fmt: skip
    parser.add_argument(
        '--test', type=given_path,
        help='list of the test clips, none of which may be in training, nor another clip of the '
        'same recording (default: manifest_test.csv beside it, if there is one)',
    )  # fmt: skip
    parser.add_argument('--no-audit', action='store_true', help='do not look at the test clips')
    parser.add_argument(
        '--include-labeled', action='store_true', help='keep labeled clips in the unlabeled pool'
    )
    parser.add_argument(
        '--drop-labels', action='store_true', help='write the unlabeled list without labels'
    )
    parser.add_argument('--overwrite', action='store_true', help='replace a different split')
    args = parser.parse_args(argv)
    if args.import_unlabeled and not args.import_labeled:
        parser.error('argument --import-unlabeled: needs --import-labeled')
    if args.import_labeled and args.include_labeled:
        parser.error('argument --include-labeled: not allowed with argument --import-labeled')
    return args


def default_out(args: argparse.Namespace) -> Path:
    """Return the folder of the split by what is asked for."""
    if args.import_labeled:
        name = args.import_labeled.stem
    elif args.percent is not None:
        name = f'{args.percent:g}percent_seed{args.seed}'
    else:
        name = f'{args.shots}shot_seed{args.seed}'
    return args.manifest.parent / 'splits' / name


def write(args: argparse.Namespace) -> dict:
    """Make or import the split, and return what is in ``split.json``."""
    from mmavssl.datasets.split_import import import_split
    from mmavssl.datasets.splits import make_split

    root = args.manifest.parent
    classes = args.classes or root / 'classes.txt'
    test = args.test or root / 'manifest_test.csv'
    if args.no_audit or not (args.test or test.is_file()):
        test = None
    keep_labels = not args.drop_labels
    if args.import_labeled:
        return import_split(
            args.manifest, classes, args.out, args.import_labeled, args.import_unlabeled,
            keep_labels, args.overwrite, test,
        )  # fmt: skip
    return make_split(
        args.manifest, classes, args.out, args.shots, args.seed, args.include_labeled,
        keep_labels, args.overwrite, args.percent, test,
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Write the split and report."""
    from mmavssl.utils.errors import DataError

    if not args.manifest.is_file():
        raise DataError(
            f'{args.manifest} is not a file. Name the list of the training clips with their '
            'labels, such as manifest_train.csv of a prepared data set.'
        )
    args.out = args.out or default_out(args)
    facts = write(args)
    for imported in facts.get('imported', {}).values():
        print(describe(imported))
    print(f'{args.out}: {facts["num_labeled"]} labeled, {facts["num_unlabeled"]} unlabeled clips')


def describe(imported: dict) -> str:
    """Say how much of an imported list was taken."""
    absent = [path.rpartition('/')[2] for path in imported['not_in_the_manifest']]
    return (
        f'{imported["file"]}: {imported["taken"]} of {imported["rows"]} rows taken, '
        f'{imported["of_other_classes"]} of other classes, {len(absent)} not in the manifest'
        f'{": " * bool(absent)}{", ".join(absent[:20])}'
    )


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('make_split', run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
