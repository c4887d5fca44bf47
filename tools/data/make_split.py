"""Choose K labeled clips per class; the rest is the unlabeled pool.

Example:
    python tools/data/make_split.py data/ucf51/manifest_train.csv --shots 1 --seed 0
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
    parser.add_argument('--shots', type=int, default=1, help='labeled clips per class')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--out', type=Path, help='folder (default: splits/<shots>shot_seed<seed> beside it)'
    )
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
    out = args.out or root / 'splits' / f'{args.shots}shot_seed{args.seed}'
    try:
        facts = make_split(
            args.manifest, args.classes or root / 'classes.txt', out, args.shots, args.seed,
            args.include_labeled, not args.drop_labels, args.overwrite,
        )  # fmt: skip
    except (ConfigError, DataError) as error:
        print(f'make_split: {error}', file=sys.stderr)
        return 2
    print(f'{out}: {facts["num_labeled"]} labeled, {facts["num_unlabeled"]} unlabeled clips')
    return 0


if __name__ == '__main__':
    sys.exit(main())
