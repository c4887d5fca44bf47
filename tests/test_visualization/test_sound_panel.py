from itertools import pairwise

import numpy as np
import pytest

from mmavssl.visualization.sound_panel import WAVE_COLOUR, waveform_panel


def reached(picture):
    """Return the lowest and the highest row of each column that is drawn."""
    drawn = (picture == WAVE_COLOUR).all(axis=2)
    return [(rows.min(), rows.max()) for rows in map(np.flatnonzero, drawn.T)]


def test_each_column_has_what_the_waveform_reaches_in_its_time():
    waveform = np.float32([0, 0.5, -0.5, 1, 0, 0, -1, 0])
    picture = waveform_panel(waveform, 4, 9, 8 / 16000)
    assert reached(picture) == [(2, 4), (0, 6), (4, 4), (4, 8)]


@pytest.mark.parametrize('length', [1, 3, 400, 641])
def test_fewer_samples_than_columns(length):
    waveform = np.float32(np.linspace(-1, 1, length + 1)[1:])
    picture = waveform_panel(waveform, 640, 9, length / 16000)
    rows = reached(picture)
    assert len(rows) == 640
    assert rows[-1][0] == 0
    assert all(row <= before for (before, _), (row, _) in pairwise(rows))
