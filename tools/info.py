"""Print what this machine and its Python have, what mmavssl lacks, and how to get it.

Example:
    python tools/info.py
    python tools/info.py --json

Exit status: 0 all that is needed is there; 1 something is missing or broken; 141 the reader of
the output has gone.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from mmavssl.utils.cli import run_tool
from mmavssl.utils.guarded_output import guarded_output

LISTS = ('packages', 'extras', 'notes', 'problems')
NAME_WIDTH, PACKAGE_WIDTH = 12, 26


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--json', action='store_true', help='print the facts as JSON')
    return parser.parse_args(argv)


def report(facts: dict[str, Any]) -> str:
    """Format the facts."""
    lines = [
        f'{name:<{NAME_WIDTH}} {in_words(value)}'
        for name, value in facts.items()
        if name not in LISTS
    ]
    lines.append('packages')
    for name, version in facts['packages'].items():
        lines.append(f'  {name:<{PACKAGE_WIDTH}} {version or "missing"}')
    lines.append('extras')
    for name, missing in facts['extras'].items():
        lacks = f"missing ({', '.join(missing)}): pip install 'mmavssl[{name}]'"
        lines.append(f'  {name:<{PACKAGE_WIDTH}} {lacks if missing else "complete"}')
    lines += [f'note: {note}.' for note in facts['notes']]
    lines += [f'problem: {problem}.' for problem in facts['problems']]
    if not facts['problems']:
        lines.append('All that is needed is there.')
    return '\n'.join(lines)


def in_words(value: Any) -> str:
    """Return a fact as text."""
    if isinstance(value, dict):
        value = [f'{name} {version}' for name, version in value.items()]
    if isinstance(value, list):
        return ', '.join(value) or 'none'
    return 'none' if value is None else str(value)


def info(args: argparse.Namespace) -> int:
    """Collect and print the facts; return the exit status."""
    from mmavssl.utils.environment import describe_environment

    facts = describe_environment()
    print(json.dumps(facts, indent=2) if args.json else report(facts))
    return 1 if facts['problems'] else 0


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('info', info, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
