"""Choose K labeled clips per class; the rest is the unlabeled pool.

Example:
    python tools/data/make_split.py data/ucf51/manifest_train.csv --shots 1 --seed 0
    python tools/data/make_split.py data/ucf51/manifest_train.csv --percent 5
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmavssl.datasets.splits import make_split
from mmavssl.utils.errors import ConfigError, DataError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Make a k-shot split of a training manifest.')
    parser.add_argument('manifest', type=Path, help='list of the training clips with labels')
    parser.add_argument(
        '--classes', type=Path, help='class names (default: classes.txt beside it)'
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument('--shots', type=int, help='labeled clips per class (default: 1)')
    amount.add_argument('--percent', type=float, help='labeled share of each class, at least 1')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--out', type=Path,
        help='folder (default: splits/<shots>shot_seed<seed> or <percent>percent_seed<seed>)',
    )  # fmt: skip
    parser.add_argument(
        '--test', type=Path,
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
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = parse_args(argv)
    root = args.manifest.parent
    shots = 1 if args.shots is None and args.percent is None else args.shots
    amount = f'{args.percent:g}percent' if shots is None else f'{shots}shot'
    out = args.out or root / 'splits' / f'{amount}_seed{args.seed}'
    test = args.test or root / 'manifest_test.csv'
    if args.no_audit or not (args.test or test.is_file()):
        test = None
    try:
        facts = make_split(
            args.manifest, args.classes or root / 'classes.txt', out, shots, args.seed,
            args.include_labeled, not args.drop_labels, args.overwrite, args.percent, test,
        )  # fmt: skip
    except (ConfigError, DataError) as error:
        print(f'make_split: {error}', file=sys.stderr)
        return 2
    print(f'{out}: {facts["num_labeled"]} labeled, {facts["num_unlabeled"]} unlabeled clips')
    return 0


if __name__ == '__main__':
    sys.exit(main())
