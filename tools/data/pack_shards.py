"""Pack the files of a list into tar shards (WebDataset), for storage that is slow on small files.

Example:
    python tools/data/pack_shards.py data/k400/manifest_train.csv data/k400_shards
    python tools/data/make_split.py data/k400_shards/manifest.csv --shots 1
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from mmavssl.utils.cli_types import given_path
from mmavssl.utils.commands import as_typed
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.guarded_output import guarded_output

UNITS = {'': 1, 'KB': 10**3, 'MB': 10**6, 'GB': 10**9, 'KIB': 2**10, 'MIB': 2**20, 'GIB': 2**30}


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('manifest', type=given_path, metavar='MANIFEST', help='list of the clips')
    parser.add_argument('out_dir', type=given_path, metavar='OUT_DIR', help='new folder of the shards')
    parser.add_argument(
        '--data-root', type=given_path, help='what its paths are relative to (default: its folder)'
    )
    parser.add_argument(
        '--classes', type=given_path, help='class names (default: classes.txt beside the list)'
    )
    parser.add_argument(
        '--shard-size', type=parse_size, default='1GB', metavar='SIZE',
        help='what a shard has at most, such as 500MB or 2GB (default: 1GB)',
    )  # fmt: skip
    parser.add_argument(
        '--max-count', type=int, metavar='N', help='files that a shard has at most (default: any)'
    )
    order = parser.add_mutually_exclusive_group()
    order.add_argument('--seed', type=int, default=0, help='of the order in the shards')
    order.add_argument('--no-shuffle', action='store_true', help='keep the order of the list')
    parser.add_argument(
        '--skip-missing', action='store_true',
        help='leave out files that cannot be read, and list them in missing.csv',
    )  # fmt: skip
    parser.add_argument('--overwrite', action='store_true', help='replace other shards')
    return parser


def parse_size(text: str) -> int:
    """Return a number of bytes.

    >>> parse_size('1.5GB')
    1500000000
    """
    match = re.fullmatch(r'(\d+(?:\.\d+)?)\s*([KMG]I?B)?', text.strip(), re.IGNORECASE)
    if not match:
        raise argparse.ArgumentTypeError(f'expected a size such as 500MB or 1GB, but got {text!r}')
    return int(float(match[1]) * UNITS[(match[2] or '').upper()])


def run(args: argparse.Namespace) -> dict:
    """Pack, and return what is in ``shards.json``."""
    # Imported here, as it takes seconds: `--help` does not wait for it.
    from mmavssl.datasets.shards.pack import PackOptions, pack_shards

    options = PackOptions(
        args.shard_size, args.max_count, None if args.no_shuffle else args.seed,
        args.skip_missing, args.overwrite, progress=True,
    )  # fmt: skip
    return pack_shards(args.manifest, args.out_dir, args.data_root, args.classes, options)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = make_parser().parse_args(argv)
    try:
        facts = run(args)
    except (ConfigError, DataError) as error:
        print(f'pack_shards: {as_typed(str(error))}', file=sys.stderr)
        return 2
    except OSError as error:  # such as a full disk
        print(f'pack_shards: {error}. The same command goes on from here.', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('pack_shards: stopped. The same command goes on from here.', file=sys.stderr)
        return 130
    print(
        f'{args.out_dir}: {facts["samples"]} files of {facts["clips"]} clips in '
        f'{len(facts["shards"])} shards, {facts["bytes"] / 1e6:,.1f} MB'
    )
    if facts['missing']:
        print(f'{facts["missing"]} files are left out: {args.out_dir}/missing.csv')
    return 0


if __name__ == '__main__':
    sys.exit(main())
