"""What words of a command line are turned to; ``argparse`` says what is wrong with one."""

import argparse


def positive(text: str) -> int:
    """Return a whole number from 1 on."""
    if not (text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f'expected 1 or more, but got {text!r}')
    return int(text)
