import numpy as np
import pytest

from mmavssl.datasets.avsprites.motions import MOTIONS, drift, event_phase


def test_event_phase_matches_a_slow_loop():
    times, events = np.arange(48) / 16, np.array([0.3, 0.55, 2.0])
    expected = []
    for time in times:
        begun = [e for e in events if e <= time]
        phase = (time - begun[-1]) / 0.375 if begun else 0
        expected.append(phase if phase < 1 else 0)
    np.testing.assert_allclose(event_phase(times, events, 0.375), expected)
    assert not event_phase(times, np.empty(0), 0.375).any()


@pytest.mark.parametrize('name', MOTIONS)
def test_motion_begins_and_ends_at_rest_and_moves_in_between(name):
    def deviation(phase):
        pose = MOTIONS[name](np.array([phase]))
        turn = np.angle(np.exp(1j * pose.angle))  # a full turn is rest
        parts = [pose.dx, pose.dy, pose.sx - 1, pose.sy - 1, turn]
        return max(abs(part.item()) for part in parts)

    assert deviation(0.0) == pytest.approx(0, abs=1e-9)
    assert deviation(1 - 1e-6) == pytest.approx(0, abs=1e-4)
    assert max(deviation(phase) for phase in np.linspace(0, 0.5, 9)) > 0.3


def test_drift_is_slow_and_stays_inside():
    times = np.arange(48) / 16
    for seed in range(20):
        rng = np.random.default_rng(seed)
        path = drift(times, rng.uniform(0.2, 0.8, 2), (0.2, 0.8), rng)
        assert path.shape == (48, 2)
        assert path.min() >= 0.2
        assert path.max() <= 0.8
        assert np.abs(np.diff(path, axis=0)).max() * 16 < 0.1  # frame sides a second
