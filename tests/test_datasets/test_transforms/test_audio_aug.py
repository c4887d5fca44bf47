from pathlib import Path

import numpy as np
import pytest
import torch

from mmavssl.datasets.transforms import LogMel, SpecAugment
from mmavssl.datasets.transforms.audio_aug import normalize
from mmavssl.utils.errors import ConfigError

FIXTURE = Path(__file__).resolve().parents[2] / 'data/parity_ast.npz'


def formula_waveform() -> np.ndarray:
    """The 2.56 s test signal that the fixture was made with."""
    n = np.arange(40960)
    t = n / 16000
    chirp = 0.30 * np.sin(2 * np.pi * (200 * t + 0.5 * (2800 / 2.56) * t**2))
    tone = 0.10 * np.sin(2 * np.pi * 440 * t) * (t >= 1.28)
    ping = 0.50 * np.exp(-400 * ((n % 8000) / 16000)) * np.sin(2 * np.pi * 1500 * t)
    noise = 0.02 * (((n * 1103515245 + 12345) % 2**31) / 2**30 - 1)
    return (chirp + tone + ping + noise + 0.05).astype(np.float32)


def test_fbank_equals_the_original_front_end():
    expected = np.load(FIXTURE)
    names = [name for name in expected if name.startswith('fbank/')]
    reference = next(expected[name] for name in names if expected[name].shape == (254, 128))
    ours = LogMel(target_frames=254).fbank(formula_waveform()).numpy()
    assert np.abs(ours - reference).max() < 2e-3
    loud = reference > -8
    assert np.abs(ours - reference)[loud].max() < 1e-4


def test_padding_comes_before_normalization():
    out = LogMel(target_frames=256)({'waveform': formula_waveform()[None]})['audio']
    assert out.shape == (1, 256, 128)
    assert torch.equal(out[0, 254:], normalize(torch.zeros(2, 128)))
    assert float(out[0, 255, 0]) == pytest.approx(0.467, abs=1e-3)


def test_small_front_end():
    out = LogMel(num_mel_bins=64, target_frames=100)({'waveform': formula_waveform()[None]})
    assert out['audio'].shape == (1, 100, 64)
    assert torch.isfinite(out['audio']).all()
    with pytest.raises(ConfigError, match='25 ms'):
        LogMel().fbank(np.zeros(100, np.float32))


def test_spec_augment_blanks_one_band_of_each_and_keeps_the_clean_one():
    torch.manual_seed(0)
    clean = torch.randn(1, 256, 128)
    transform = SpecAugment(freq_mask=48, time_mask=51, keep_clean=True)
    fill = normalize(torch.zeros(()))
    widths = []
    for _ in range(40):
        out = transform({'audio': clean})
        assert out['audio_clean'] is clean
        changed = out['audio'][0] != clean[0]
        assert (out['audio'][0][changed] == fill).all()
        bins, frames = changed.all(dim=0).sum(), changed.all(dim=1).sum()
        assert int(bins) < 48
        assert int(frames) < 51
        widths.append((int(bins), int(frames)))
        rest = ~(changed.all(dim=0)[None] | changed.all(dim=1)[:, None])
        assert not changed[rest].any()
    assert len(set(widths)) > 20
