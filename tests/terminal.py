"""A terminal for tests: something that says it is one, a real one, and what they show."""

import io
import os
import pty
import re
import subprocess
from collections.abc import Sequence

PARTS = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+')


class Terminal(io.StringIO):
    """Text that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def screen(text: str) -> list[str]:
    """Return the lines that a terminal shows after a text."""
    lines, column = [''], 0
    for part in PARTS.findall(text):
        if part == '\r':
            column = 0
        elif part == '\n':
            lines.append('')
            column = 0
        elif part == '\x1b[2K':
            lines[-1] = ''
        elif part.startswith('\x1b'):
            assert part.endswith('m'), f'{part!r} does more than to colour'
        else:
            before, after = lines[-1].ljust(column)[:column], lines[-1][column + len(part) :]
            lines[-1] = before + part + after
            column += len(part)
    return lines


def run_in_terminal(command: Sequence[str], **kwargs) -> tuple[int, str]:
    """Run a command whose stdout and stderr are a terminal, unless other ones are given.

    Returns:
        Its status, and all that was written to the terminal.
    """
    ours, its = pty.openpty()
    kwargs = {'stdin': subprocess.DEVNULL, 'stdout': its, 'stderr': its, **kwargs}
    env = {k: v for k, v in os.environ.items() if k not in ('NO_COLOR', 'MMAVSSL_TERMINAL')}
    kwargs['env'] = {**env, 'TERM': 'xterm', **kwargs.get('env', {})}
    process = subprocess.Popen(command, **kwargs)
    os.close(its)
    written = b''
    try:
        while part := os.read(ours, 1 << 16):
            written += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return process.wait(), written.decode().replace('\r\n', '\n')
