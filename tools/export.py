"""Write the recognizer of a checkpoint as one file that runs without mmavssl.

Examples:
    python tools/export.py epoch_50.pth asl_mix.onnx
    python tools/export.py epoch_50.pth asl_mix.pt2 --use teacher
    python tools/export.py my_config.py epoch_50.pth asl_mix.onnx

The file, of ONNX or of torch.export, takes uint8 frames (and the log-mel of the sound) and gives
class probabilities. The config is in the checkpoint; one is named where it is not, or has plugins.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmavssl.utils.cli import add_reading_arguments, run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from mmavssl.apis.export import Exported


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config', nargs='?', help='config that it was trained with (default: that of CHECKPOINT)'
    )
    parser.add_argument(
        'checkpoint', help='checkpoint of a training run, or a published network'
    )
    parser.add_argument('out', type=given_path, help='file to write: *.onnx or *.pt2')
    parser.add_argument(
        '--use', choices=('student', 'teacher'),
        help="network to export; default: that of a published file, else the config's "
        '`model.test_with`, or the student',
    )  # fmt: skip
    batch = parser.add_mutually_exclusive_group()
    batch.add_argument(
        '--batch-size', type=positive, default=1, metavar='N', help='clips at a time (default: 1)'
    )
    batch.add_argument(
        '--dynamic-batch', action='store_true', help='leave the number of clips at a time open'
    )
    parser.add_argument(
        '--opset', type=int, metavar='N', help="version of ONNX's operators (default: 18)"
    )
    parser.add_argument(
        '--check', action=argparse.BooleanOptionalAction, default=True,
        help='compare the file with the network on random clips, to 1e-4 (default: yes)',
    )  # fmt: skip
    add_reading_arguments(parser)
    return parser.parse_intermixed_args(argv)  # options may stand between the files


def positive(text: str) -> int:
    """Read a number of clips."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f'expected 1 or more, but got {text!r}')
    return int(text)


def report(exported: Exported) -> str:
    """Say what was written."""
    files = ', '.join(f'{file} ({file.stat().st_size / 1e6:.1f} MB)' for file in exported.files)
    facts = exported.metadata
    lines = [f'{files}: {facts["network"]} of {facts["checkpoint"]}']
    for kind in ('inputs', 'outputs'):
        for name, value in facts[kind].items():
            shape = ', '.join(map(str, value['shape']))
            lines.append(f'  {kind.removesuffix("s"):<6} {name:<6} {value["dtype"]} ({shape})')
    if facts['classes'] is None:
        lines.append("  no class names: the test data's `classes_file` is not on this disk")
    if exported.difference is None:
        lines.append('  not compared with the network')
    else:
        lines.append(f'  log-probabilities differ by at most {exported.difference:.1e}')
    return '\n'.join(lines)


def export(args: argparse.Namespace) -> None:
    """Read the config, export, report."""
    import mmavssl.datasets
    import mmavssl.models  # noqa: F401  (both fill the registries)
    from mmavssl.apis.export import export_recognizer
    from mmavssl.apis.inference_config import inference_config
    from mmavssl.utils.config_check import check_config
    from mmavssl.utils.tested_network import network_to_test

    cfg = inference_config(args.config, args.checkpoint, args.cfg_options, args.safe_config)
    check_config(cfg)
    exported = export_recognizer(
        cfg,
        args.checkpoint,
        args.out,
        use=network_to_test(cfg, args.use, args.checkpoint),
        batch_size=None if args.dynamic_batch else args.batch_size,
        opset=args.opset,
        check=args.check,
        progress=True,
    )
    print(report(exported))


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('export', export, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
