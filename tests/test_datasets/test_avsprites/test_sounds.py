import numpy as np
import pytest

from mmavssl.datasets.avsprites.shipped import DEFAULT, HELD_OUT
from mmavssl.datasets.avsprites.sounds import (
    LEAD_SECONDS,
    TAIL_SECONDS,
    TIMBRES,
    draw_events,
    render_sound,
)

RATE = 16000


def test_events_are_irregular_but_never_too_close():
    numbers, gaps = set(), []
    for seed in range(200):
        events = draw_events(3.0, (3, 6), np.random.default_rng(seed))
        numbers.add(len(events))
        assert events[0] >= LEAD_SECONDS
        assert events[-1] <= 3.0 - TAIL_SECONDS
        gaps.extend(np.diff(events))
    assert numbers == {3, 4, 5, 6}
    assert min(gaps) > 0.28
    assert np.std(gaps) > 0.1


@pytest.mark.parametrize('timbre', TIMBRES)
def test_sound_is_loud_at_the_events_and_silent_elsewhere(timbre):
    events = np.array([0.5, 1.25, 2.0])
    pitch = next(s.pitch for r in (DEFAULT, HELD_OUT) for s in r.sounds if s.timbre == timbre)
    wave = render_sound(timbre, pitch, events, 3 * RATE, RATE, np.random.default_rng(0))
    assert wave.dtype == np.float32
    assert 0.4 <= np.abs(wave).max() <= 0.8
    energy = (wave.reshape(48, -1) ** 2).mean(axis=1)
    onsets = np.array([8, 20, 32])
    assert (energy[onsets] > 1e-3).all()
    silent = np.ones(48, bool)
    for onset in onsets:
        silent[onset : onset + 4] = False
    assert not energy[silent].any()


@pytest.mark.parametrize('recipe', [DEFAULT, HELD_OUT])
def test_timbres_are_told_apart_by_their_spectrum(recipe):
    """Nearest mean of coarse log spectra of single events: far above the chance of 25%."""
    edges = np.geomspace(1, 2000, 13).astype(int)

    def feature(kind, seed):
        wave = render_sound(
            kind.timbre, kind.pitch, np.array([0.0]), RATE // 4, RATE, np.random.default_rng(seed)
        )
        halves = [np.abs(np.fft.rfft(part, 4000)) ** 2 for part in np.split(wave, 2)]
        power = [np.add.reduceat(half, edges[:-1]) for half in halves]
        return np.log(np.concatenate(power) + 1e-2)

    means = [np.mean([feature(k, s) for s in range(10)], axis=0) for k in recipe.sounds]
    hits = [
        np.argmin([np.linalg.norm(feature(kind, s) - mean) for mean in means]) == truth
        for truth, kind in enumerate(recipe.sounds)
        for s in range(10, 25)
    ]
    assert np.mean(hits) > 0.95
