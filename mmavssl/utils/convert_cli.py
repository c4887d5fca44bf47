"""The command line of tools/convert; imports nothing heavy, so that ``--help`` is fast."""

import argparse
import ast
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mmavssl.utils.cli import run_tool
from mmavssl.utils.roles import ROLES


class ConvertTool(NamedTuple):
    """What one of the tools converts.

    Attributes:
        name: of its file.
        title: of what it converts, for the help.
        network: the backbone that it makes, ``TimeSformer`` or ``ASTEncoder``.
        reads: names of the layouts that it makes ours.
        writes: names of the layouts of ``--to-official``; the first is the default.
        is_recognizer: whether ours has a head, too: a recognizer, not a backbone alone.
        sees_images: whether the published network has no layers over time.
    """

    name: str
    title: str
    network: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    is_recognizer: bool = False
    sees_images: bool = False


def parse_args(tool: ConvertTool, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line of a tool."""
    parser = argparse.ArgumentParser(description=f'Convert {tool.title} to ours, or ours back.')
    parser.add_argument('source', metavar='IN', help='file to read, or timm://NAME')
    parser.add_argument('out', metavar='OUT', help='file to write')
    parser.add_argument(
        '--to-official', action='store_true', help='IN is ours, OUT for the published code'
    )
    if len(tool.writes) > 1:
        parser.add_argument(
            '--layout', choices=tool.writes,
            help=f'of --to-official; default: {tool.writes[0]}, or what the suffix of OUT says',
        )  # fmt: skip
    parser.add_argument(
        '--network', choices=ROLES, default='student',
        help='of --to-official: which one of an algorithm to take (default: student)',
    )  # fmt: skip
    if tool.is_recognizer:
        parser.add_argument(
            '--teacher', action='store_true',
            help='write a teacher as well, equal to the student, as SemiSupervisedRecognizer has',
        )  # fmt: skip
    parser.add_argument(
        '--set', nargs='+', action='extend', default=[], type=_setting, metavar='KEY=VALUE',
        help=f'arguments of {tool.network} that differ from those of the file, e.g. num_frames=16',
    )  # fmt: skip
    parser.add_argument(
        '--source', nargs='+', action='extend', default=[], type=_setting, metavar='KEY=VALUE',
        dest='facts', help='what no tensor tells of the network in IN: num_heads, stride, '
        'num_mel_bins',
    )  # fmt: skip
    parser.add_argument(
        '--allow', nargs='+', action='extend', default=[], metavar='PATTERN',
        help='names of tensors that may be missing, be too many or have another shape',
    )  # fmt: skip
    parser.add_argument('--sha256', help='of IN, or its first 8 digits or more')
    parser.set_defaults(layout=None, teacher=False)
    return parser.parse_args(argv)


def run(
    tool: ConvertTool,
    job: Callable[[ConvertTool, argparse.Namespace], None],
    argv: Sequence[str] | None = None,
) -> int:
    """Run a tool and return its exit status."""
    args = parse_args(tool, argv)
    return run_tool(f'convert_{tool.name}', lambda args: job(tool, args), args)


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition('=')
    if not equals:
        raise argparse.ArgumentTypeError(f'expected KEY=VALUE, but got {text!r}')
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value
