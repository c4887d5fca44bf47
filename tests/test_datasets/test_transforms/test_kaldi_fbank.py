import numpy as np
import pytest
import torch
from torchaudio.compliance.kaldi import fbank

from mmavssl.datasets.transforms.kaldi_fbank import kaldi_fbank


@pytest.mark.parametrize('num_mel_bins', [64, 128])
@pytest.mark.parametrize('length', [400, 559, 560, 16000, 40960])
def test_equals_torchaudio(length, num_mel_bins):
    rng = np.random.default_rng(length)
    waveform = rng.normal(0.1, 0.2, length) * np.linspace(0, 1, length) ** 4
    expected = fbank(
        torch.from_numpy(waveform)[None], htk_compat=True, sample_frequency=16000,
        use_energy=False, window_type='hanning', num_mel_bins=num_mel_bins, dither=0.0,
        frame_shift=10,
    )  # fmt: skip
    ours = kaldi_fbank(waveform, num_mel_bins)
    assert ours.shape == expected.shape == ((length - 400) // 160 + 1, num_mel_bins)
    np.testing.assert_allclose(ours, expected.numpy(), atol=1e-9, rtol=0)
