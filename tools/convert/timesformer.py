"""Convert checkpoints of TimeSformer's code to ours, and back.

Examples:
    python tools/convert/timesformer.py TimeSformer_divST_8x32_224_K600.pyth k600.pth
    python tools/convert/timesformer.py HR.pyth k400.pth --set img_size=224 num_frames=8
    python tools/convert/timesformer.py k600.pth back.pyth --to-official

Ours is a recognizer with its head, for `init_cfg` of a TimeSformer (which takes its backbone, and
the official files as they are) and for tools/test.py. See docs/weights.md.
"""

import argparse
import sys
from collections.abc import Sequence

from mmavssl.utils.convert_cli import ConvertTool, run
from mmavssl.utils.guarded_output import guarded_output

TOOL = ConvertTool(
    name='timesformer',
    title="a checkpoint of TimeSformer's code",
    network='TimeSformer',
    reads=('timesformer',),
    writes=('timesformer',),
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
