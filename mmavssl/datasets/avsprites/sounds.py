"""Sounds: timbres of single events, and when events happen."""

from collections.abc import Callable

import numpy as np

EVENT_SECONDS = 0.25  # duration of the sound of an event
LEAD_SECONDS = 0.125  # no event begins earlier than this
TAIL_SECONDS = 0.375  # or later than this before the end


def _envelope(seconds: np.ndarray, decay: float) -> np.ndarray:
    """Return a 5 ms attack followed by an exponential decay with time constant ``decay``."""
    return np.minimum(seconds / 0.005, 1.0) * np.exp(-seconds / decay)


def _sines(seconds: np.ndarray, partials: dict[float, float]) -> np.ndarray:
    return sum(
        weight * np.sin(2 * np.pi * frequency * seconds) for frequency, weight in partials.items()
    )


def _glide(seconds: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return a tone that glides exponentially between two frequencies."""
    rate = np.log(end / start) / EVENT_SECONDS
    return np.sin(2 * np.pi * start * np.expm1(rate * seconds) / rate)


def bell(seconds: np.ndarray, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Return inharmonic partials that ring out."""
    tone = _sines(seconds, {pitch: 1.0, 2.76 * pitch: 0.6, 5.4 * pitch: 0.35})
    return tone * _envelope(seconds, 0.09)


def hiss(seconds: np.ndarray, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Return a burst of noise with little below ``pitch``."""
    spectrum = np.fft.rfft(rng.standard_normal(len(seconds)))
    frequency = np.fft.rfftfreq(len(seconds), seconds[1])
    shaped = np.fft.irfft(spectrum / (1 + (pitch / np.maximum(frequency, 1)) ** 4), len(seconds))
    return shaped * _envelope(seconds, 0.08)


def chirp(seconds: np.ndarray, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Return a tone that rises three octaves."""
    return _glide(seconds, pitch, 8 * pitch) * _envelope(seconds, 0.15)


def buzz(seconds: np.ndarray, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Return a low sawtooth of ten harmonics."""
    tone = _sines(seconds, {k * pitch: 1 / k for k in range(1, 11)})
    return tone * _envelope(seconds, 0.12)


def pluck(seconds: np.ndarray, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Return a string: harmonics, of which the higher die sooner."""
    return sum(
        np.sin(2 * np.pi * k * pitch * seconds) / k * _envelope(seconds, 0.12 / k)
        for k in range(1, 9)
    )


def whistle(seconds: np.ndarray, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Return a tone that falls two octaves, with vibrato."""
    wobble = 1 + 0.25 * np.sin(2 * np.pi * 28 * seconds)
    return _glide(seconds, 4 * pitch, pitch) * wobble * _envelope(seconds, 0.15)


def rattle(seconds: np.ndarray, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Return a train of noisy clicks, ``pitch`` of them a second."""
    age = np.mod(seconds, 1 / pitch)
    return rng.standard_normal(len(seconds)) * np.exp(-age / 0.003) * _envelope(seconds, 0.12)


def reed(seconds: np.ndarray, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Return a hollow tone: odd harmonics only."""
    tone = _sines(seconds, {k * pitch: 1 / k for k in (1, 3, 5, 7)})
    return tone * _envelope(seconds, 0.15)


Timbre = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
TIMBRES: dict[str, Timbre] = {
    timbre.__name__: timbre for timbre in (bell, hiss, chirp, buzz, pluck, whistle, rattle, reed)
}


def draw_events(seconds: float, count: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw the times of the events: about evenly spaced, each off by up to 15% of the period.

    Args:
        seconds: duration of the clip.
        count: least and greatest number of events.
        rng: source of number and times.

    Returns:
        (E,) ascending start times.
    """
    number = int(rng.integers(count[0], count[1] + 1))
    period = (seconds - LEAD_SECONDS - TAIL_SECONDS) / number
    offsets = 0.5 + rng.uniform(-0.15, 0.15, number) + rng.uniform(-0.3, 0.3)
    return LEAD_SECONDS + period * (np.arange(number) + offsets)


def render_sound(
    timbre: str,
    pitch: float,
    events: np.ndarray,
    num_samples: int,
    sample_rate: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Render all events of a clip with one timbre.

    Args:
        timbre: key of `TIMBRES`.
        pitch: Hz; every clip is off by up to 12%, every event by 3% more.
        events: (E,) start times in seconds.
        num_samples: length of the result.
        sample_rate: Hz.
        rng: source of pitches, gains and noise.

    Returns:
        (num_samples,) float32 with peaks of 0.3 to 0.8.
    """
    seconds = np.arange(round(EVENT_SECONDS * sample_rate)) / sample_rate
    fade = np.minimum((EVENT_SECONDS - seconds) / 0.02, 1.0)
    waveform = np.zeros(num_samples)
    pitch = pitch * rng.uniform(0.88, 1.12)
    for event in events:
        sound = TIMBRES[timbre](seconds, pitch * rng.uniform(0.97, 1.03), rng) * fade
        sound *= rng.uniform(0.75, 1.0) / np.abs(sound).max()
        begin = round(event * sample_rate)
        end = min(begin + len(sound), num_samples)
        waveform[begin:end] += sound[: end - begin]
    waveform *= rng.uniform(0.4, 0.8) / np.abs(waveform).max()
    return waveform.astype(np.float32)
