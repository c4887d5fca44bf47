"""Convert checkpoints of FNAC and EZ-VSL to ours, and back; every tensor must be there and fit.

Examples:
    python tools/convert/localizer.py best.pth checkpoints/fnac.pth
    python tools/convert/localizer.py epoch_30.pth best.pth --to-official

`init_cfg` of a localizer and `tools/test.py` take the first file, the official test scripts the
second. Tensors stay as they are, bit for bit. The official networks hear a spectrogram: see
configs/localizers/README.md. FNAC's weights have no licence: convert your own download and do not
pass it on.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mmavssl.utils.cli import run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from mmavssl.models.localizers.official import Conversion


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Convert a checkpoint of FNAC or EZ-VSL to ours, or ours to theirs.'
    )
    parser.add_argument('source', type=given_path, metavar='IN', help='checkpoint to read')
    parser.add_argument('out', type=given_path, metavar='OUT', help='checkpoint to write')
    parser.add_argument(
        '--to-official', action='store_true',
        help='IN is ours (of LocalizerTrainer, or of a localizer alone), OUT for their scripts',
    )  # fmt: skip
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> None:
    """Read, convert, write and report."""
    import torch

    from mmavssl.models.localizers.official import from_official, to_official
    from mmavssl.utils.checkpoints import read_checkpoint
    from mmavssl.utils.errors import ConfigError
    from mmavssl.utils.safe_globals import plain_objects_allowed

    with plain_objects_allowed():  # their best scores
        content = read_checkpoint(str(args.source))
    if args.out.is_dir() or (args.out.exists() and args.out.samefile(args.source)):
        raise ConfigError(f'OUT {args.out} is a folder, or IN itself. Name another file.')
    converted = (to_official if args.to_official else from_official)(content, str(args.source))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(converted.checkpoint, args.out)
    print('\n'.join(report(converted)))
    print(f'{args.out}: {len(converted.tensors)} tensors')


def report(converted: Conversion) -> Iterator[str]:
    """Yield the lines of the table of what was copied and what was dropped."""
    parts = Counter(name.partition('.')[0] for name in converted.tensors)
    for part, count in parts.items():
        yield f'{"copied":<10}{part:<12}{count:>4} tensors'
    for name, value in converted.dropped.items():
        yield f'{"dropped":<10}{name}{in_words(value)}'


def in_words(value: Any) -> str:
    """Return what is worth telling of something that is dropped: a number, and nothing else."""
    return f' = {value:.6g}' if isinstance(value, (int, float)) else ''


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('convert_localizer', convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
