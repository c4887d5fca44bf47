import io
import sys
import threading
from contextlib import redirect_stderr

import pytest

from mmavssl.utils import progress
from mmavssl.utils.progress import followed, progress_bar
from tests.terminal import Terminal, screen


@pytest.fixture(autouse=True)
def _every_step_is_drawn(monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.delenv('NO_COLOR', raising=False)
    monkeypatch.delenv('MMAVSSL_TERMINAL', raising=False)
    monkeypatch.setattr(progress, 'INTERVAL', 0)


def test_bar_goes_from_what_was_done_before_to_the_end():
    before = set(threading.enumerate())  # a thread of another test may end meanwhile
    with redirect_stderr(Terminal()) as terminal, progress_bar('Packing', 4, done=1) as advance:
        for _ in range(3):
            advance()
        assert set(threading.enumerate()) <= before
    text = terminal.getvalue()
    places = [text.index(f'{done}/4') for done in range(1, 5)]
    assert places == sorted(places)
    assert 'Packing' in text


@pytest.mark.parametrize('options', [dict(shown=False), dict(done=2)])
def test_nothing_to_show(options):
    with redirect_stderr(Terminal()) as terminal, progress_bar('Packing', 2, **options) as advance:
        advance()
    assert terminal.getvalue() == ''


def test_nothing_where_nobody_watches(monkeypatch):
    monkeypatch.setitem(sys.modules, 'rich', None)  # it is not even imported
    with redirect_stderr(io.StringIO()) as file, progress_bar('Packing', 2) as advance:
        advance()
    assert file.getvalue() == ''


def fail() -> None:
    with redirect_stderr(Terminal()), progress_bar('Packing', 2) as advance:
        advance()
        raise ValueError('broken')


def test_errors_pass():
    with pytest.raises(ValueError, match='broken'):
        fail()


@pytest.mark.parametrize('width', [10, 30, 60, 200])
def test_bar_is_one_line_and_fits(monkeypatch, width):
    monkeypatch.setattr(progress, 'width_of', lambda terminal: width)
    with redirect_stderr(Terminal()) as terminal, progress_bar('Packing', 2000) as advance:
        advance()
        [line] = screen(terminal.getvalue())
        assert 0 < len(line) <= width
        assert '\x1b[?25' not in terminal.getvalue()  # the cursor is left alone


def test_bar_within_a_bar():
    with redirect_stderr(Terminal()) as terminal, progress_bar('Outer', 3) as outer:
        outer()
        with progress_bar('Inner', 2) as inner:
            inner()
            assert screen(terminal.getvalue())[0].startswith('Inner')
        [line] = screen(terminal.getvalue())
        assert line.startswith('Outer')
        assert '1/3' in line


def test_time_left_counts_the_first_step(monkeypatch):
    """Runs of a grid take hours: the first one tells how long the others take."""
    now = 0.0
    monkeypatch.setattr('rich.console.monotonic', lambda: now)
    with redirect_stderr(Terminal()) as terminal, progress_bar('Running', 4, done=1) as advance:
        assert '-:--:--' in terminal.getvalue()
        now = 3600.0
        advance()
        assert screen(terminal.getvalue())[0].endswith('2/4 2:00:00')


def test_followed():
    steps = []
    for item in followed('ab', lambda: steps.append('step')):
        steps.append(item)
    assert steps == ['a', 'step', 'b', 'step']
