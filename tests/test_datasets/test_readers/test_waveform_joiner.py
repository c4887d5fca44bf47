from fractions import Fraction

import av
import numpy as np
import pytest

from mmavssl.datasets.readers.waveform_joiner import WaveformJoiner

RATE = 16000


def frame(time: float | None, samples: np.ndarray, rate: int = RATE) -> av.AudioFrame:
    wave = np.round(samples * 32768).astype(np.int16)[None]
    made = av.AudioFrame.from_ndarray(wave, format='s16', layout='mono')
    made.sample_rate = rate
    if time is not None:
        made.pts, made.time_base = round(time * rate), Fraction(1, rate)
    return made


def joined(*frames: av.AudioFrame) -> tuple[float, np.ndarray]:
    joiner = WaveformJoiner()
    for each in frames:
        joiner.add(each)
    waveform = joiner.finish()
    return joiner.begin / RATE, waveform


def level(value: float, count: int) -> np.ndarray:
    return np.full(count, value, np.float32)


def test_joiner_without_frames():
    start_time, waveform = joined()
    assert start_time == 0
    assert (waveform.shape, waveform.dtype) == ((0,), np.float32)


def test_joiner_keeps_continuous_frames():
    start_time, waveform = joined(frame(2.0, level(0.25, 1600)), frame(2.1, level(0.5, 800)))
    assert start_time == 2.0
    np.testing.assert_array_equal(waveform, [*level(0.25, 1600), *level(0.5, 800)])


def test_joiner_fills_holes_with_silence():
    _, waveform = joined(frame(0.0, level(0.25, 1600)), frame(0.3, level(0.5, 1600)))
    expected = [*level(0.25, 1600), *level(0, 3200), *level(0.5, 1600)]
    np.testing.assert_array_equal(waveform, expected)


def test_joiner_ignores_what_times_are_rounded_by():
    frames = [frame(n * 0.1 + (-1) ** n * 0.01, level(0.25, 1600)) for n in range(1, 9)]
    _, waveform = joined(*frames)
    np.testing.assert_array_equal(waveform, level(0.25, 12800))


def test_joiner_follows_a_drift():
    """Each frame is 1 % shorter than it says, as sound of a camera whose clock is off."""
    _, waveform = joined(*(frame(n * 0.1, level(0.25, 1584)) for n in range(200)))
    assert abs(len(waveform) - 20 * RATE) < 0.06 * RATE


def test_joiner_lays_overlapping_frames_at_their_times():
    frames = (
        frame(0.0, level(0.25, 8000)), frame(0.4, level(0.5, 8000)), frame(0.9, level(0.75, 1600))
    )  # fmt: skip
    _, waveform = joined(*frames)
    expected = [*level(0.25, 6400), *level(0.5, 8000), *level(0.75, 1600)]
    np.testing.assert_array_equal(waveform, expected)


def test_joiner_with_a_first_frame_that_is_late():
    start_time, waveform = joined(frame(1.0, level(0.25, 1600)), frame(0.5, level(0.5, 8000)))
    assert start_time == 0.5
    np.testing.assert_array_equal(waveform, [*level(0.5, 8000), *level(0.25, 1600)])


def test_joiner_ignores_jumps_that_are_mistakes():
    frames = (
        frame(0.0, level(0.25, 1600)), frame(9000.1, level(0.5, 1600)),
        frame(9000.4, level(0.5, 1600)), frame(0.5, level(0.75, 1600)),
    )  # fmt: skip
    start_time, waveform = joined(*frames)
    assert start_time == 0
    expected = [
        *level(0.25, 1600), *level(0.5, 1600), *level(0, 3200), *level(0.5, 1600),
        *level(0.75, 1600),
    ]  # fmt: skip
    np.testing.assert_array_equal(waveform, expected)


def test_joiner_takes_frames_without_times_as_continuous():
    _, waveform = joined(frame(None, level(0.25, 1600)), frame(None, level(0.5, 1600)))
    np.testing.assert_array_equal(waveform, [*level(0.25, 1600), *level(0.5, 1600)])


@pytest.mark.parametrize('rate', [8000, 44100, 48000])
def test_joiner_keeps_the_end_when_it_resamples(rate):
    parts = (frame(n / 10, level(0.25, rate // 10), rate) for n in range(10))
    _, waveform = joined(*parts)
    assert abs(len(waveform) - RATE) <= 1
    assert np.abs(waveform[100:-100] - 0.25).max() < 1e-3


def test_joiner_allows_another_format_midway():
    parts = (level(0.25, 48000), level(0.5, 16000), level(0.75, 32000))
    rates = (48000, RATE, 32000)
    _, waveform = joined(
        *(frame(n, *part) for n, part in enumerate(zip(parts, rates, strict=True)))
    )
    assert abs(len(waveform) - 3 * RATE) <= 1
    for n, value in enumerate((0.25, 0.5, 0.75)):
        assert np.abs(waveform[n * RATE + 100 : (n + 1) * RATE - 100] - value).max() < 0.01
    assert waveform[RATE - 20 : RATE + 20].min() > 0.2  # nothing is lost at the change
