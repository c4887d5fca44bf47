import io
import sys
import threading
from contextlib import redirect_stderr

import pytest

from mmavssl.utils import progress
from mmavssl.utils.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _every_step_is_drawn(monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.delenv('NO_COLOR', raising=False)
    monkeypatch.setattr(progress, 'INTERVAL', 0)


def test_bar_goes_from_what_was_done_before_to_the_end():
    before = threading.active_count()
    with redirect_stderr(Terminal()) as terminal, progress_bar('Packing', 4, done=1) as advance:
        for _ in range(3):
            advance()
        assert threading.active_count() == before
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
