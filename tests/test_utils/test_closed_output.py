"""Commands whose output nobody reads on."""

import os
import subprocess
import sys

import pytest

from mmavssl.utils.closed_output import quiet_when_closed

HELP = 'import sys; from mmavssl.cli import main; sys.exit(main(sys.argv[1:]))'
LONG = """
import argparse, sys
from mmavssl.utils.cli import run_tool
def job(args):
    for _ in range(3):
        print('a line' * 10_000)
sys.exit(run_tool('long', job, argparse.Namespace()))
"""


def run_unread(code: str, *argv: str, unbuffered: str = '') -> tuple[int, str]:
    """Return status and stderr of a program whose stdout has been closed by its reader."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as stdout:
        done = subprocess.run(
            [sys.executable, '-c', code, *argv], stdout=stdout, stderr=subprocess.PIPE, text=True,
            env={**os.environ, 'PYTHONUNBUFFERED': unbuffered},
        )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize('unbuffered', ['', '1'])
@pytest.mark.parametrize(
    'argv', [['--help'], ['prepare', '--help'], ['--version'], ['train', '--help']]
)
def test_help_and_version(argv, unbuffered):
    status, said = run_unread(HELP, *argv, unbuffered=unbuffered)
    assert said == ''
    assert status in (0, 1)  # argparse takes no notice of what it could not print


@pytest.mark.parametrize('unbuffered', ['', '1'])
def test_what_a_tool_prints(unbuffered):
    assert run_unread(LONG, unbuffered=unbuffered) == (1, '')


def test_other_pipe_is_an_error(capfd):
    with pytest.raises(BrokenPipeError), quiet_when_closed():
        raise BrokenPipeError('of a worker')


def test_no_stdout_at_all(monkeypatch):
    monkeypatch.setattr(sys, 'stdout', None)
    with quiet_when_closed():
        print('nobody')
