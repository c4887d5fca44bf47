import os
import signal

import pytest

from mmavssl.utils.stop_signals import STOP_SIGNALS, Stopped, stop_signals


@pytest.fixture(autouse=True)
def handlers():
    """The system's own ones, to which each test has to come back; `nohup` has others."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.signal(number, signal.SIG_DFL) for number in numbers]
    yield
    after = [signal.getsignal(number) for number in numbers]
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
    assert after[:2] == [signal.SIG_DFL] * 2


@pytest.mark.parametrize(('number', 'status'), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_work_ends_as_by_an_interrupt(number, status):
    with pytest.raises(KeyboardInterrupt) as caught, stop_signals():
        os.kill(os.getpid(), number)
    assert isinstance(caught.value, Stopped)
    assert caught.value.status == status


def complain(number, frame):
    raise RuntimeError('a worker is killed by signal: Terminated')


def test_cleaning_up_is_left_alone():
    """Neither by the same signal once more, nor by workers that it has ended, and to the end."""
    numbers = []
    signal.signal(signal.SIGCHLD, complain)
    with stop_signals(numbers.append):
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            os.kill(os.getpid(), number)
    os.kill(os.getpid(), signal.SIGCHLD)
    assert numbers == [signal.SIGTERM]


def test_workers_complain_where_nothing_was_stopped():
    signal.signal(signal.SIGCHLD, complain)
    with stop_signals(), pytest.raises(RuntimeError, match='a worker is killed'):
        os.kill(os.getpid(), signal.SIGCHLD)


@pytest.mark.parametrize('number', STOP_SIGNALS)
def test_processes_that_are_forked_have_no_answer(number):
    with stop_signals():
        child = os.fork()
        if not child:
            signal.raise_signal(number)
            os._exit(1)
        status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == number


def test_what_is_ignored_remains_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stop_signals():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.signal(signal.SIGHUP, before) is signal.SIG_IGN
