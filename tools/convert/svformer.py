"""Convert checkpoints of SVFormer's code to ours, and back.

Examples:
    python tools/convert/svformer.py checkpoint_epoch_00030.pyth svformer.pth --teacher
    python tools/convert/svformer.py work_dirs/svformer/x/epoch_50.pth x.pyth --to-official
    python tools/convert/svformer.py svformer.pth back.pyth --to-official --network teacher

Ours is a recognizer with its head, for tools/test.py (with `--teacher` as SemiSupervisedRecognizer
has it) and for `init_cfg` of a TimeSformer, which takes its backbone. See docs/weights.md.
"""

import argparse
import sys
from collections.abc import Sequence

from mmavssl.utils.convert_cli import ConvertTool, run
from mmavssl.utils.guarded_output import guarded_output

TOOL = ConvertTool(
    name='svformer',
    title="a checkpoint of SVFormer's code",
    network='TimeSformer',
    reads=('svformer',),
    writes=('svformer',),
    is_recognizer=True,
)


def convert(tool: ConvertTool, args: argparse.Namespace) -> None:
    """Convert the file."""
    from mmavssl.models.utils.convert_file import convert_file

    convert_file(tool, args)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run(TOOL, convert, argv)


if __name__ == '__main__':
    sys.exit(main())
