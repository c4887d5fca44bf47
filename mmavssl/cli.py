"""``python -m mmavssl COMMAND``, or ``mmavssl COMMAND``: runs one of the tools."""

import difflib
import importlib.util
import shutil
import sys
import textwrap
from collections.abc import Sequence
from types import ModuleType

from mmavssl.utils.commands import (
    COMMANDS,
    GROUPS,
    PROGRAM,
    as_typed,
    shipped,
    summary,
    tool_file,
)
from mmavssl.utils.guarded_output import guarded_output
from mmavssl.version import __version__

HELP, VERSION = ('-h', '--help'), ('-V', '--version')
HELP_TEXT = """\
usage: {program} COMMAND ...    (or python -m {program} COMMAND ...)

Semi-supervised audio-visual action recognition

{table}

{program} COMMAND --help says more of each. A CONFIG is a path, or the name of one in
{configs}, such as asl_mix/ucf51_1shot.py.
On several GPUs: torchrun --nproc_per_node N -m {program} train CONFIG --launcher pytorch
Exit status of all: 0 done; 2 a mistake, in one line; 141 the reader of the output has gone, as
after | head (train and test go on). Others: see --help of the command."""
GROUP_HELP = """\
usage: {program} {group} NAME ...

{about}

{table}

{program} {group} NAME --help says more of each."""


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    Args:
        argv: the command, of one or two words, and its arguments; None: those of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in HELP:
        print(help_text(), file=sys.stdout if words else sys.stderr)
        return 0 if words else 2
    if words[0] in VERSION:
        print(__version__)
        return 0
    if words[0] not in GROUPS:
        return run(words[0], words[1:])
    group, *rest = words
    if not rest or rest[0] in HELP:
        print(help_text(group), file=sys.stdout if rest else sys.stderr)
        return 0 if rest else 2
    return run(f'{group} {rest[0]}', rest[1:])


def run(command: str, arguments: Sequence[str]) -> int:
    """Run the tool of a command.

    Args:
        command: its words.
        arguments: of the tool.
    """
    if command not in COMMANDS:
        return refuse(command)
    if not tool_file(command).is_file():
        print(
            f'{PROGRAM} {command}: {tool_file(command)} is not there. Install mmavssl again, or '
            'complete the checkout.',
            file=sys.stderr,
        )
        return 2
    before, sys.argv = sys.argv, [f'{PROGRAM} {command}', *arguments]
    try:
        return load(command).main(list(arguments)) or 0
    finally:
        sys.argv = before


def load(command: str) -> ModuleType:
    """Import the tool of a command; what it says about itself names commands, too."""
    name = f'{PROGRAM}_{command.replace(" ", "_")}'  # not `ast`, which others import
    spec = importlib.util.spec_from_file_location(name, tool_file(command))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.__doc__ = as_typed(module.__doc__ or '')  # what argparse is given later
    return module


def refuse(command: str) -> int:
    """Say that there is no such command, and which one may be meant."""
    group, _, word = command.partition(' ')
    known = [name for name, _ in listed(group if word else None)]
    nearest = difflib.get_close_matches(word or group, known, n=1)
    hint = f' Did you mean {nearest[0]!r}?' if nearest else ''
    place = f'{PROGRAM} {group}' if word else PROGRAM
    print(
        f'{place}: there is no {word or group!r}.{hint} Known: {", ".join(known)}.',
        file=sys.stderr,
    )
    return 2


def help_text(group: str | None = None) -> str:
    """Return the help on all commands, or on those of a group."""
    rows = listed(group)
    width = max(len(name) for name, _ in rows) + 4
    columns = shutil.get_terminal_size().columns
    table = '\n'.join(
        textwrap.fill(text, columns, initial_indent=f'  {name}'.ljust(width),
                      subsequent_indent=' ' * width)
        for name, text in rows
    )  # fmt: skip
    parts = GROUP_HELP if group else HELP_TEXT
    return parts.format(
        program=PROGRAM, group=group, configs=shipped('configs'),
        about=GROUPS.get(group), table=table,
    )  # fmt: skip


def listed(group: str | None = None) -> list[tuple[str, str]]:
    """Return names and summaries of the commands, or of those of a group, in their order."""
    rows = {}
    for command in COMMANDS:
        first, _, second = command.partition(' ')
        if group is None:
            rows.setdefault(first, GROUPS[first] if second else summary(command))
        elif first == group:
            rows[second] = summary(command)
    return list(rows.items())
