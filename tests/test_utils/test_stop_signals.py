import os
import signal

import pytest

from mmavssl.utils.stop_signals import Stopped, stop_signals


@pytest.fixture(autouse=True)
def handlers():
    """The system's own ones, to which each test has to come back; `nohup` has others."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.signal(number, signal.SIG_DFL) for number in numbers]
    yield
    after = [signal.getsignal(number) for number in numbers]
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
    assert after == [signal.SIG_DFL] * len(numbers)


@pytest.mark.parametrize(('number', 'status'), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_work_ends_as_by_an_interrupt(number, status):
    with pytest.raises(KeyboardInterrupt) as caught, stop_signals():
        os.kill(os.getpid(), number)
    assert isinstance(caught.value, Stopped)
    assert caught.value.status == status


def test_cleaning_up_is_left_alone():
    """Neither by the same signal once more, nor by workers that it has ended."""

    def complain(number, frame):
        raise RuntimeError('a worker is killed by signal: Terminated')

    numbers = []
    before = signal.signal(signal.SIGCHLD, complain)
    with stop_signals(numbers.append):
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            os.kill(os.getpid(), number)
    assert numbers == [signal.SIGTERM]
    assert signal.signal(signal.SIGCHLD, before) is complain


def test_what_is_ignored_remains_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stop_signals():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.signal(signal.SIGHUP, before) is signal.SIG_IGN
