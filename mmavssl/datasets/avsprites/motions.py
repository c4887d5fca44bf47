"""Motions: what an actor does at a sound event, and how it drifts in between."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

MOTION_SECONDS = 0.375  # duration of the motion at an event
SLOW_SECONDS = 1.25  # the same motion, as silent distractors make it


@dataclass
class Pose:
    """Pose of a sprite over time relative to its drifting centre; every field is (T,).

    ``dx`` and ``dy`` (down) are in sprite radii, ``sx`` and ``sy`` are factors (negative:
    mirrored), ``angle`` is in radians.
    """

    dx: np.ndarray
    dy: np.ndarray
    sx: np.ndarray
    sy: np.ndarray
    angle: np.ndarray = field(repr=False)


def event_phase(times: np.ndarray, events: np.ndarray, duration: float) -> np.ndarray:
    """Return how far the motion of the latest event has come.

    Args:
        times: (T,) seconds.
        events: (E,) start times in seconds, ascending; may be empty.
        duration: seconds that a motion takes.

    Returns:
        (T,) in [0, 1]; 0 where no motion is going on, also after its end.
    """
    latest = np.searchsorted(events, times, side='right') - 1
    started = latest >= 0
    phase = np.zeros(len(times))
    phase[started] = (times[started] - events[latest[started]]) / duration
    return np.where(phase < 1, phase, 0.0)


def _swell(phase: np.ndarray) -> np.ndarray:
    """Return 0 → 1 → 0 with a quick rise, so that the motion is in step with the onset."""
    return np.sin(np.pi * phase**0.6)


def _pose(phase: np.ndarray, **changes: np.ndarray) -> Pose:
    still = {'dx': 0.0, 'dy': 0.0, 'sx': 1.0, 'sy': 1.0, 'angle': 0.0}
    return Pose(**{name: np.broadcast_to(changes.get(name, value), phase.shape)
                   for name, value in still.items()})  # fmt: skip


def jump(phase: np.ndarray) -> Pose:
    """Leap up and land again."""
    return _pose(phase, dy=-1.1 * _swell(phase))


def pulse(phase: np.ndarray) -> Pose:
    """Swell in both directions."""
    scale = 1 + 0.42 * _swell(phase)
    return _pose(phase, sx=scale, sy=scale)


def shake(phase: np.ndarray) -> Pose:
    """Rattle from side to side."""
    return _pose(phase, dx=0.75 * np.sin(4 * np.pi * phase) * (1 - 0.5 * phase))


def spin(phase: np.ndarray) -> Pose:
    """Turn round once about the upright axis, as a coin does; the edge has a thickness.

    A turn in the plane would be hard to see: at 16 frames a second it takes 60° a frame, which
    for a star of five points looks like 12° the other way.
    """
    width = np.cos(2 * np.pi * phase)
    return _pose(phase, sx=np.where(width < 0, -1, 1) * np.maximum(np.abs(width), 0.2))


def stretch(phase: np.ndarray) -> Pose:
    """Become tall and thin."""
    swell = _swell(phase)
    return _pose(phase, sx=1 - 0.5 * swell, sy=1 + 0.55 * swell)


def sway(phase: np.ndarray) -> Pose:
    """Rock to either side."""
    return _pose(phase, angle=0.9 * np.sin(2 * np.pi * phase))


def duck(phase: np.ndarray) -> Pose:
    """Go down and flatten."""
    swell = _swell(phase)
    return _pose(phase, dy=0.7 * swell, sx=1 + 0.25 * swell, sy=1 - 0.5 * swell)


def orbit(phase: np.ndarray) -> Pose:
    """Go round in a circle without turning."""
    angle = 2 * np.pi * phase
    return _pose(phase, dx=0.6 * np.sin(angle), dy=0.6 * (np.cos(angle) - 1))


MOTIONS: dict[str, Callable[[np.ndarray], Pose]] = {
    motion.__name__: motion for motion in (jump, pulse, shake, spin, stretch, sway, duck, orbit)
}


def drift(
    times: np.ndarray, start: np.ndarray, bounds: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Return a slow path (T, 2): a straight line plus a wave, kept within ``bounds``.

    Args:
        times: (T,) seconds.
        start: (2,) position at time 0, as a part of the frame side.
        bounds: least and greatest coordinate.
        rng: source of speed and wave.
    """
    velocity = rng.uniform(-0.05, 0.05, 2)
    phase = rng.uniform(0, 2 * np.pi, 2)
    wave = 0.02 * (np.sin(2.0 * times[:, None] + phase) - np.sin(phase))
    return np.clip(start + velocity * times[:, None] + wave, *bounds)
