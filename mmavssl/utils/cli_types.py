"""What words of a command line are turned to; ``argparse`` says what is wrong with one."""

import argparse
from pathlib import Path


def positive(text: str) -> int:
    """Return a whole number from 1 on."""
    if not (text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f'expected 1 or more, but got {text!r}')
    return int(text)


def given_path(text: str) -> Path:
    """Return a path; an empty one would be the folder one is in, as ``Path`` has it."""
    if not text:
        raise argparse.ArgumentTypeError(
            'it is empty, as by a variable of the shell that is not set'
        )
    return Path(text)
