import pytest
import torch
from scipy import stats

from mmavssl.models.maskers import RandomToken
from mmavssl.models.mixers import BaseMixer, CutMix, MixUp, TokenMix
from mmavssl.models.mixers.base import convex_mix


@pytest.mark.parametrize(('alpha', 'beta'), [(10.0, 10.0), (5.0, 10.0), (1, 1)])
def test_ratio_is_beta_distributed_per_sample(alpha, beta):
    torch.manual_seed(0)
    ratio = BaseMixer(alpha, beta).draw_ratio(3000, torch.device('cpu'))
    assert ratio.shape == (3000,)
    assert ratio.unique().numel() > 2900
    assert stats.kstest(ratio.numpy(), stats.beta(alpha, beta).cdf).pvalue > 0.01


def test_per_batch_draws_once_and_anew_each_time():
    torch.manual_seed(0)
    mixer = BaseMixer(per_batch=True)
    first, second = (mixer.draw_ratio(4, torch.device('cpu')) for _ in range(2))
    assert first.unique().numel() == second.unique().numel() == 1
    assert first[0] != second[0]


def test_convex_mix_in_loops():
    torch.manual_seed(0)
    values, ratio, partner = torch.rand(3, 2, 4), torch.rand(3), torch.tensor([2, 1, 0])
    mixed = convex_mix(values, partner, ratio)
    for i in range(3):
        for j in range(2):
            for k in range(4):
                expected = ratio[i] * values[i, j, k] + (1 - ratio[i]) * values[partner[i], j, k]
                torch.testing.assert_close(mixed[i, j, k], expected)
    assert convex_mix(None, partner, ratio) is None
    assert convex_mix(values.half(), partner, ratio).dtype == torch.half


def test_errors():
    with pytest.raises(ValueError, match='`alpha` to be positive, but got 0'):
        MixUp(alpha=0)
    with pytest.raises(ValueError, match='`beta` to be positive, but got -1'):
        MixUp(beta=-1)
    with pytest.raises(NotImplementedError, match='BaseMixer must implement `forward`'):
        BaseMixer()(torch.rand(1, 3, 1, 2, 2), None, torch.tensor([0]))


@pytest.mark.parametrize(
    'mixer',
    [MixUp(), CutMix(), TokenMix(RandomToken(), patch_size=2)],
    ids=lambda m: type(m).__name__,
)
def test_partners_can_be_taken_from_other_clips(mixer):
    """Every number of the mixed clip is of the first clip or of the partner among the others."""
    torch.manual_seed(0)
    video, others = torch.zeros(3, 3, 2, 8, 8), torch.arange(1.0, 4.0).view(3, 1, 1, 1, 1)
    others = others.expand_as(video)
    partner = torch.tensor([2, 0, 1])
    result = mixer(video, None, partner, others=others)
    share = result.video.mean(dim=(1, 2, 3, 4)) / others[partner, 0, 0, 0, 0]
    torch.testing.assert_close(share, 1 - result.ratio)
    assert mixer(video, None, partner).video.abs().sum() == 0
