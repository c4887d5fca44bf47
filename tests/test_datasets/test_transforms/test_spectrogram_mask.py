import pytest
import torch

from mmavssl.datasets.transforms import SpectrogramMask
from mmavssl.registry import TRANSFORMS

BINS, WINDOWS, DRAWS = 30, 20, 3000


@pytest.fixture(scope='module')
def bands():
    """First bin and width of the blank bins of many draws, and likewise of the windows."""
    torch.manual_seed(0)
    ones = torch.ones(DRAWS, BINS, WINDOWS)
    masked = SpectrogramMask()({'spectrogram': ones})['spectrogram']
    assert ones.all()
    blank = (masked == 0).int()
    found = []
    for dim in (2, 1):
        whole = blank.amin(dim=dim)  # blank in all windows, or in all bins
        first, width = whole.argmax(dim=1), whole.sum(dim=1)
        for mask, start, length in zip(whole, first, width, strict=True):
            assert mask[start : start + length].all()
        found.append((first, width))
    # Nothing is blank but the two bands.
    (_, rows), (_, columns) = found
    expected = rows * WINDOWS + columns * BINS - rows * columns
    assert torch.equal(blank.sum(dim=(1, 2)), expected)
    return found


def test_width(bands):
    rows, columns = bands[0][1], bands[1][1]
    # There are so many more bins than windows that the last bin cuts off no band.
    counts = rows.bincount(minlength=10).float() / DRAWS
    torch.testing.assert_close(counts, torch.full((10,), 0.1), atol=0.025, rtol=0)
    assert columns.max() == 9


def test_axes_are_mixed_up(bands):
    """Bins from the number of windows on begin no band; bands of time may lie beyond the end."""
    (first_bin, rows), (first_window, columns) = bands
    starts = first_bin[rows > 0].bincount(minlength=WINDOWS).float() / DRAWS
    assert len(starts) == WINDOWS
    torch.testing.assert_close(starts, torch.full((WINDOWS,), 0.9 / WINDOWS), atol=0.02, rtol=0)
    outside = (BINS - WINDOWS) / BINS
    empty = (columns == 0).float().mean()
    assert empty == pytest.approx(outside + (1 - outside) / 10, abs=0.03)
    assert first_window[columns > 0].max() == WINDOWS - 1


def test_of_a_config_and_reproducible():
    transform = TRANSFORMS.build(dict(type='SpectrogramMask', max_width=3))
    results = []
    for _ in range(2):
        torch.manual_seed(1)
        results.append(transform({'spectrogram': torch.ones(50, 257, 200)})['spectrogram'])
    assert torch.equal(*results)
    assert (results[0][:, :, 0] == 0).sum(dim=1).max() < 257  # at most two bins, if not the window
    with pytest.raises(ValueError, match='`max_width` to be positive, but got 0'):
        SpectrogramMask(max_width=0)
