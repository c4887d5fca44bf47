from pathlib import Path

import numpy as np
import pytest
import torch

from mmavssl.datasets.transforms import LogMel, SpecAugment
from mmavssl.datasets.transforms.audio_aug import normalize
from mmavssl.structures.audio_front_end import AUDIOSET_MEAN, AUDIOSET_STD
from mmavssl.utils.errors import ConfigError

FIXTURE = Path(__file__).resolve().parents[2] / 'data/parity_ast.npz'
ZERO = -AUDIOSET_MEAN / (2 * AUDIOSET_STD)


def test_fbank_equals_the_original_front_end(formula_waveform):
    expected = np.load(FIXTURE)
    names = [name for name in expected if name.startswith('fbank/')]
    reference = next(expected[name] for name in names if expected[name].shape == (254, 128))
    ours = LogMel(target_frames=254).fbanks(formula_waveform[None])[0].numpy()
    difference = np.abs(ours - reference)
    # The fixture is in float32. Its own rounding exceeds 2e-3 in one nearly silent bin of 32,512.
    assert (difference > 2e-3).sum() <= 1
    assert difference.max() < 2.2e-3
    assert difference[reference > -8].max() < 1e-4


def test_padding_comes_before_normalization(formula_waveform):
    out = LogMel(target_frames=256)({'waveform': formula_waveform[None]})
    assert out['audio'].shape == (1, 256, 128)
    assert torch.equal(out['audio'][0, 254:], normalize(torch.zeros(2, 128)))
    assert float(out['audio'][0, 255, 0]) == pytest.approx(0.467, abs=1e-3)
    assert out['audio_zero'] == pytest.approx(ZERO)


def test_longer_sound_is_cut_and_each_clip_has_its_own(formula_waveform):
    waveforms = np.stack([formula_waveform, formula_waveform[::-1] * 0.5])
    long = LogMel(target_frames=254)({'waveform': waveforms})['audio']
    short = LogMel(target_frames=100)({'waveform': waveforms})['audio']
    assert short.shape == (2, 100, 128)
    assert torch.equal(short, long[:, :100])
    assert not torch.allclose(short[0], short[1], atol=0.1)


def test_mean_and_deviation_of_the_data_set(formula_waveform):
    raw = LogMel().fbanks(formula_waveform[None])[0]
    out = LogMel(norm_mean=-8.0, norm_std=3.0)({'waveform': formula_waveform[None]})
    torch.testing.assert_close(out['audio'][0], (raw + 8) / 6)
    assert out['audio_zero'] == pytest.approx(8 / 6)
    default = LogMel()({'waveform': formula_waveform[None]})['audio'][0]
    torch.testing.assert_close(default, (raw - AUDIOSET_MEAN) / (2 * AUDIOSET_STD))


def test_constant_in_the_waveform_does_not_matter(formula_waveform):
    raw, lifted = LogMel().fbanks(np.stack([formula_waveform, formula_waveform + 0.25]))
    torch.testing.assert_close(lifted, raw, atol=5e-3, rtol=0)


def test_small_front_end_and_silence():
    out = LogMel(num_mel_bins=64, target_frames=100)(
        {'waveform': np.zeros((1, 16400), np.float32)}
    )
    assert out['audio'].shape == (1, 100, 64)
    assert torch.isfinite(out['audio']).all()
    assert out['audio'].max() < -1
    assert LogMel().fbanks(np.zeros((2, 400), np.float32)).shape == (2, 256, 128)
    with pytest.raises(ConfigError, match=r'400 samples \(25 ms\) of sound, but got 399'):
        LogMel().fbanks(np.zeros((1, 399), np.float32))


@pytest.mark.parametrize('name', ['num_mel_bins', 'target_frames', 'norm_std'])
def test_bad_arguments_of_log_mel(name):
    with pytest.raises(ValueError, match=f'Expected `{name}` to be .*, but got 0'):
        LogMel(**{name: 0})


def test_spec_augment_blanks_one_band_of_each_and_keeps_the_clean_one():
    torch.manual_seed(0)
    clean = torch.randn(1, 256, 128)
    transform = SpecAugment(freq_mask=48, time_mask=51, keep_clean=True)
    widths = []
    for _ in range(40):
        out = transform({'audio': clean, 'audio_zero': 7.0})
        assert out['audio_clean'] is clean
        changed = out['audio'][0] != clean[0]
        assert (out['audio'][0][changed] == 7.0).all()
        in_bins, in_frames = changed.all(dim=0), changed.all(dim=1)
        assert torch.equal(changed, in_bins[None] | in_frames[:, None])
        for band, limit in ((in_bins, 48), (in_frames, 51)):
            edges = band.int().diff(prepend=torch.zeros(1), append=torch.zeros(1)).abs().sum()
            assert edges in (0, 2)  # one band without holes
            assert band.sum() < limit
        widths.append((int(in_bins.sum()), int(in_frames.sum())))
    assert len(set(widths)) > 20
    assert max(bins for bins, _ in widths) > 35
    assert max(frames for _, frames in widths) > 38


def test_spec_augment_after_log_mel_blanks_with_normalized_zeros(formula_waveform):
    torch.manual_seed(0)
    results = LogMel()({'waveform': formula_waveform[None]})
    before = results['audio'].clone()
    out = SpecAugment()(results)
    assert 'audio_clean' not in out
    changed = out['audio'] != before
    assert changed.any()
    np.testing.assert_allclose(out['audio'][changed], ZERO, rtol=1e-6)


@pytest.mark.parametrize(
    ('masks', 'message'),
    [
        ({'freq_mask': 65, 'time_mask': 10}, '`freq_mask` of SpecAugment to be at most 64'),
        ({'freq_mask': 10, 'time_mask': 101}, '`time_mask` of SpecAugment to be at most 100'),
    ],
)
def test_spec_augment_wider_than_the_log_mel(masks, message):
    audio = torch.randn(1, 100, 64)
    with pytest.raises(ConfigError, match=message):
        SpecAugment(**masks)({'audio': audio, 'audio_zero': 0.0})
    SpecAugment(freq_mask=64, time_mask=100)({'audio': audio, 'audio_zero': 0.0})


@pytest.mark.parametrize('length', [400, 401, 8000, 40960, 44100])
def test_log_mels_of_several_windows_are_those_of_each(formula_waveform, length):
    waveforms = np.stack([np.resize(formula_waveform[n * 999 :], length) for n in range(3)])
    together = LogMel().fbanks(waveforms)
    for waveform, logmel in zip(waveforms, together, strict=True):
        torch.testing.assert_close(LogMel().fbanks(waveform[None])[0], logmel, atol=1e-5, rtol=0)
