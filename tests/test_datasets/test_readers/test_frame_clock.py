import numpy as np
import pytest

from mmavssl.datasets.readers.frame_clock import FrameClock


def test_constant_rate():
    clock = FrameClock([0.5, 0.54, 0.58, 0.62], rate=25)
    assert clock.num_frames == 4
    assert clock.start_time == 0.5
    assert clock.fps == 25
    assert clock.duration == pytest.approx(0.16)
    np.testing.assert_allclose(clock.times, [0, 0.04, 0.08, 0.12])


def test_times_rounded_to_milliseconds_become_the_exact_rate():
    rate = 30000 / 1001
    clock = FrameClock([round(i / rate, 3) for i in range(300)], rate)
    np.testing.assert_array_equal(clock.times, np.arange(300) / rate)
    assert clock.fps == rate


def test_variable_rate_keeps_the_times_and_has_the_mean_rate():
    times = [0.0, 0.1, 0.2, 0.9, 1.0]
    clock = FrameClock([2 + time for time in times], rate=10)
    np.testing.assert_allclose(clock.times, times)
    assert clock.start_time == 2
    assert clock.fps == pytest.approx(4)
    assert clock.duration == pytest.approx(1.25)
    assert clock.index_at(np.array([0.0, 0.19, 0.2, 0.89, 0.9, 0.95, 7.0])).tolist() == [
        0, 1, 2, 2, 3, 3, 4,
    ]  # fmt: skip


def test_rate_of_the_header_may_be_wrong_or_missing():
    stamps = [i / 25 for i in range(100)]
    for rate in (1000.0, 0.0, float('nan'), float('inf')):
        clock = FrameClock(stamps, rate)
        assert clock.fps == pytest.approx(25)
        np.testing.assert_allclose(clock.times, stamps)


@pytest.mark.parametrize('stamps', [[None] * 3, [0.0, None, 0.1], [0.3, 0.3, 0.4], [0.2, 0.1, 0]])
def test_files_without_usable_times_have_the_rate(stamps):
    clock = FrameClock(stamps, rate=20)
    np.testing.assert_allclose(clock.times, [0, 0.05, 0.1])
    assert clock.start_time == 0
    assert clock.duration == pytest.approx(0.15)


def test_one_frame_lasts_as_long_as_the_rate_says():
    clock = FrameClock([3.0], rate=10)
    assert (clock.start_time, clock.duration, clock.fps) == (3.0, pytest.approx(0.1), 10)
    assert clock.index_at(np.array([[0.0], [9.0]])).tolist() == [[0], [0]]


def test_what_cannot_be_a_clock():
    with pytest.raises(ValueError, match='no frame'):
        FrameClock([], 25)
    for stamps in ([None, None], [1.0]):
        with pytest.raises(ValueError, match='neither a frame rate nor times'):
            FrameClock(stamps, 0)


def test_index_at_is_exact_on_the_borders_of_frames():
    clock = FrameClock([i / 30 for i in range(900)], 30)
    np.testing.assert_array_equal(clock.index_at(np.arange(900) / 30), np.arange(900))
    np.testing.assert_array_equal(clock.index_at(np.arange(900) / 30 - 1e-4)[1:], np.arange(899))
    assert clock.index_at(np.array([-1.0, 100.0])).tolist() == [0, 899]


def test_last_before_leaves_out_the_frame_that_begins_then():
    clock = FrameClock([i / 25 for i in range(50)], 25)
    assert [clock.last_before(time) for time in (1.0, 1.01, 0.04, 0.0, 9.0)] == [24, 25, 0, 0, 49]
