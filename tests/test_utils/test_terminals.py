import sys

from tests.terminal import run_in_terminal, screen

#: Works for a moment, with a bar; says something to either stream.
JOB = """
import sys
from mmavssl.utils.progress import progress_bar
with progress_bar('Working', 3) as advance:
    for number in range(3):
        print('out', number)
        print('err', number, file=sys.stderr)
        advance()
"""
SAID = [f'{stream} {number}' for number in range(3) for stream in ('out', 'err')]
#: Runs the job with its output in a file, as tools/quickstart.py.
PARENT = """
import os, subprocess, sys
from mmavssl.utils.terminals import terminal_for_child
with open('log', 'w') as log:
    subprocess.run(
        [sys.executable, '-c', sys.argv[1]], stdout=log, stderr=log, check=True,
        env={**os.environ, **terminal_for_child()})
print('done')
"""


def test_bar_in_a_terminal():
    status, written = run_in_terminal([sys.executable, '-c', JOB])
    assert status == 0
    assert screen(written) == [*SAID, '']
    assert written.count('Working') >= 1 + len(SAID)  # again after each line


def test_nothing_where_stderr_is_a_file(tmp_path):
    with (tmp_path / 'err').open('w+') as file:
        status, written = run_in_terminal([sys.executable, '-c', JOB], stderr=file)
        file.seek(0)
        assert file.read() == 'err 0\nerr 1\nerr 2\n'
    assert (status, written) == (0, 'out 0\nout 1\nout 2\n')


def test_nothing_in_a_terminal_that_cannot_go_back():
    _, written = run_in_terminal([sys.executable, '-c', JOB], env={'TERM': 'dumb'})
    assert written.splitlines() == SAID


def test_bar_of_a_command_whose_output_is_kept(tmp_path):
    status, written = run_in_terminal([sys.executable, '-c', PARENT, JOB], cwd=tmp_path)
    assert status == 0
    assert 'Working' in written
    assert screen(written) == ['done', '']
    assert sorted((tmp_path / 'log').read_text().splitlines()) == sorted(SAID)


def test_terminal_that_is_none(monkeypatch, tmp_path):
    """Such as one that was closed, whose name another file has got."""
    (tmp_path / 'file').touch()
    for name in ('file', 'nothing'):
        _, written = run_in_terminal(
            [sys.executable, '-c', JOB], stderr=-3, env={'MMAVSSL_TERMINAL': str(tmp_path / name)}
        )
        assert 'Working' not in written
    assert (tmp_path / 'file').read_text() == ''
