"""What is printed above a line at the bottom is whole, and where it should be."""

import errno
import io
import logging
import os
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest

from mmavssl.utils.bottom_line import CLEAR, BottomLine
from tests.terminal import Terminal, screen


@contextmanager
def both_streams():
    """Let both streams be one terminal."""
    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        yield terminal


def bar(terminal, text='[bar]'):
    return BottomLine(terminal, lambda: text)


def test_lines_are_above():
    long = 'x' * 300
    with both_streams() as terminal:
        with bar(terminal).shown():
            assert screen(terminal.getvalue()) == ['[bar]']
            print('one')
            print(long, file=sys.stderr)
            assert screen(terminal.getvalue()) == ['one', long, '[bar]']
        assert screen(terminal.getvalue()) == ['one', long, '']
        print('two')
    assert screen(terminal.getvalue()) == ['one', long, 'two', '']
    assert 'write' not in vars(terminal)


def test_handlers_from_before_write_above():
    """Such as those of MMEngine, which keep the stream of when they were made."""
    terminal = Terminal()
    handler = logging.StreamHandler(terminal)
    with redirect_stdout(terminal), bar(terminal).shown():
        handler.handle(logging.makeLogRecord({'msg': 'logged\nin two lines'}))
        assert screen(terminal.getvalue()) == ['logged', 'in two lines', '[bar]']


def test_line_that_is_not_complete_is_not_drawn_over():
    with both_streams() as terminal, (line := bar(terminal)).shown():
        print('a', end='')
        line.draw()
        print('', end='')
        print('b', end='')
        assert screen(terminal.getvalue()) == ['ab']
        print('c')
        assert screen(terminal.getvalue()) == ['abc', '[bar]']
        print('d', end='')
    assert screen(terminal.getvalue()) == ['abc', 'd']


def test_inner_line_hides_the_outer_one():
    with both_streams() as terminal, (outer := bar(terminal, '[outer]')).shown():
        with bar(terminal, '[inner]').shown():
            print('one')
            outer.draw()
            assert screen(terminal.getvalue()) == ['one', '[inner]']
        assert screen(terminal.getvalue()) == ['one', '[outer]']
        print('two')
        assert screen(terminal.getvalue()) == ['one', 'two', '[outer]']
    assert screen(terminal.getvalue()) == ['one', 'two', '']


def fail(terminal, error):
    with bar(terminal).shown():
        print('one')
        raise error


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_error(error):
    with both_streams() as terminal, pytest.raises(error):
        fail(terminal, error)
    assert screen(terminal.getvalue()) == ['one', '']
    assert 'write' not in vars(terminal)


def test_stdout_in_a_file_gets_its_own_text_alone(tmp_path):
    with (tmp_path / 'out').open('w+') as file, redirect_stdout(file):
        with redirect_stderr(Terminal()) as terminal, bar(terminal).shown():
            print('one')
        file.seek(0)
        assert file.read() == 'one\n'
    assert screen(terminal.getvalue()) == ['']
    assert 'one' not in terminal.getvalue()


def test_stdout_in_a_pipe_may_come_to_the_same_terminal(monkeypatch):
    """As with ``| tee``: the line makes room, and comes back with a later step."""
    terminal, (end, begin) = Terminal(), os.pipe()
    with (
        os.fdopen(end) as reader, os.fdopen(begin, 'w') as pipe,
        redirect_stdout(pipe), bar(terminal).shown(),
    ):  # fmt: skip
        print('one')
        assert screen(terminal.getvalue()) == ['']
        assert reader.readline() == 'one\n'


def test_forked_process_makes_room_and_draws_nothing():
    with both_streams() as terminal, (line := bar(terminal)).shown():
        line.process = -1  # as if it were another one's
        before = terminal.getvalue()
        print('one')
        line.draw()
        assert terminal.getvalue() == before + f'{CLEAR}one\n'


def test_terminal_that_has_gone_stops_nothing():
    class Gone(Terminal):
        def write(self, text):
            raise OSError(errno.EIO, 'Input/output error')

    with redirect_stdout(io.StringIO()) as out, bar(Gone()).shown():
        print('one')
    assert out.getvalue() == 'one\n'


def test_interval():
    terminal, texts = Terminal(), iter('abc')
    line = BottomLine(terminal, lambda: next(texts))
    with line.shown():
        line.draw(60)
        assert screen(terminal.getvalue()) == ['a']
        line.draw(0)
        assert screen(terminal.getvalue()) == ['b']
