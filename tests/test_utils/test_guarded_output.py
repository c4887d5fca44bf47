"""Commands whose output nobody reads on, or has no room."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmavssl.utils.guarded_output import guarded_output

ROOT = Path(__file__).parents[2]
TOOLS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'tools').rglob('*.py'))
COMMAND = ('-m', 'mmavssl')
#: What shells say of a program that SIGPIPE has ended.
UNREAD = 141
LONG = """
import sys
from mmavssl.utils.guarded_output import guarded_output
@guarded_output()
def main():
    for _ in range(3):
        print('a line' * 10_000)
sys.exit(main())
"""


def run_python(
    stdout: int, *argv: str, unbuffered: str = '', encoding: str = 'utf-8'
) -> tuple[int, str]:
    """Return status and stderr of a program that writes to an open file."""
    settings = {'PYTHONUNBUFFERED': unbuffered, 'PYTHONIOENCODING': encoding}
    with os.fdopen(stdout, 'w') as file:
        done = subprocess.run(
            [sys.executable, *argv], stdout=file, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, 'PYTHONPATH': str(ROOT), **settings},
        )  # fmt: skip
    return done.returncode, done.stderr


def closed_pipe() -> int:
    """Return the end of a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize('tool', TOOLS)
def test_help_of_every_tool(tool):
    assert run_python(closed_pipe(), tool, '--help') == (UNREAD, '')


@pytest.mark.parametrize(
    'argv', [['--help'], ['prepare', '--help'], ['--version'], ['train', '--help']]
)
def test_help_and_version_of_the_command(argv):
    assert run_python(closed_pipe(), *COMMAND, *argv) == (UNREAD, '')


LOGGED = """
import sys
from mmengine.logging import MMLogger
from mmavssl.utils.console_log import shorten_console
from mmavssl.utils.guarded_output import guarded_output
@guarded_output()
def main():
    logger = MMLogger.get_instance('run', log_file=sys.argv[1])
    shorten_console(logger)
    for number in range(3):
        logger.info(f'epoch {number}')
        print('loaded')
    return 5
sys.exit(main())
"""


@pytest.mark.parametrize('unbuffered', ['', '1'])
def test_run_with_a_log_goes_on(tmp_path, unbuffered):
    """It would say for each message why it cannot show it, and end with another status."""
    log = tmp_path / 'run.log'
    assert run_python(closed_pipe(), '-c', LOGGED, str(log), unbuffered=unbuffered) == (5, '')
    assert [line[-1] for line in log.read_text().splitlines()] == ['0', '1', '2']


def test_help_without_a_buffer():
    """There argparse of some versions takes no notice of what it could not print."""
    status, said = run_python(closed_pipe(), 'tools/train.py', '--help', unbuffered='1')
    assert (status in (0, UNREAD), said) == (True, '')
    assert run_python(closed_pipe(), *COMMAND, '--help', unbuffered='1') == (UNREAD, '')


@pytest.mark.parametrize('unbuffered', ['', '1'])
def test_what_a_tool_prints(unbuffered):
    assert run_python(closed_pipe(), '-c', LONG, unbuffered=unbuffered) == (UNREAD, '')


def test_mistake_of_an_unread_tool_is_told():
    status, said = run_python(closed_pipe(), 'tools/data/make_split.py', 'nothing', '--shots', '1')
    assert (status, said.partition(' is not a file')[0]) == (2, 'make_split: nothing')


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='of Linux')
@pytest.mark.parametrize('argv', [['-c', LONG], ['tools/train.py', '--help']])
def test_no_room_for_what_is_printed(argv):
    status, said = run_python(os.open('/dev/full', os.O_WRONLY), *argv)
    assert status == 2
    assert said == 'The disk is full ([Errno 28] No space left on device). Make room, and go on.\n'


def test_names_that_the_terminal_has_no_letters_for(tmp_path):
    (tmp_path / 'out.txt').touch()
    code = (
        'from mmavssl.utils.guarded_output import guarded_output\n'
        "with guarded_output():\n    print('\\xfc', '\\u65e5', '\\udcff')"
    )
    for encoding, shown in (('ascii', r'\xfc \u65e5 \udcff'), ('utf-8:strict', r'ü 日 \udcff')):
        file = os.open(tmp_path / 'out.txt', os.O_WRONLY | os.O_TRUNC)
        assert run_python(file, '-c', code, encoding=encoding) == (0, '')
        assert (tmp_path / 'out.txt').read_text('utf-8') == f'{shown}\n'


def test_other_pipe_is_an_error(capfd):
    with pytest.raises(BrokenPipeError), guarded_output():
        raise BrokenPipeError('of a worker')


def test_other_error_stays():
    with pytest.raises(PermissionError), guarded_output():
        raise PermissionError(13, 'Permission denied')


def test_no_stdout_at_all(monkeypatch):
    monkeypatch.setattr(sys, 'stdout', None)
    with guarded_output():
        print('nobody')
