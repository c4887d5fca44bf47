import numpy as np
import pytest

from mmavssl.apis.clip_words import describe_view
from mmavssl.visualization.clip_card import ClipView


@pytest.mark.parametrize('rate', [16000, 44100])
def test_sound_of_any_sample_rate_is_shown_at_16_khz(rate):
    times = np.arange(rate) / rate
    results = {
        'clip_times': np.array([[2.0, 4.0]]), 'frame_inds': np.array([[50, 75]]),
        'waveform': 0.5 * np.sin(2 * np.pi * 100 * times, dtype=np.float32)[None],
        'sample_rate': rate,
    }  # fmt: skip
    view = ClipView(np.zeros((2, 8, 8, 3), np.uint8))
    describe_view(view, results, window=0, crop=0)
    assert view.facts['sound'] == '2.50 to 3.50 s, peak 0.500'
    assert view.waveform.shape == (16000,)
    expected = 0.5 * np.sin(2 * np.pi * 100 * np.arange(16000) / 16000)
    np.testing.assert_allclose(view.waveform[100:-100], expected[100:-100], atol=1e-2)
