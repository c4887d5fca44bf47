import itertools

import pytest
import torch

from mmavssl.models.maskers import BaseMasker, FrameToken, MaskResult, RandomToken, TubeToken
from mmavssl.models.maskers.base import keep_earliest, kept_count
from mmavssl.registry import MASKERS
from mmavssl.utils import ConfigError

GRID = (3, 4, 5)


def test_kept_count_rounds_and_clamps():
    ratio = torch.rand(200, generator=torch.Generator().manual_seed(0)) * 1.4 - 0.2
    expected = [min(max(round(float(r) * 20), 0), 20) for r in ratio]
    assert kept_count(ratio, 20).tolist() == expected
    assert kept_count(ratio, 20).dtype == torch.long


def test_keep_earliest_marks_exactly_count_even_with_ties():
    times = torch.tensor([[2.0, 1.0, 1.0, 1.0, 3.0]]).repeat(6, 1)
    mask = keep_earliest(times, torch.arange(6))
    assert mask.sum(dim=-1).tolist() == [0, 1, 2, 3, 4, 5]
    assert mask[4].tolist() == [True, True, True, True, False]


@pytest.mark.parametrize('kind', ['TubeToken', 'RandomToken', 'FrameToken'])
@pytest.mark.parametrize('per_batch', [False, True])
def test_ratio_is_exact_for_every_ratio_and_reproducible(kind, per_batch):
    masker = MASKERS.build(dict(type=kind, per_batch=per_batch))
    ratio = torch.linspace(0, 1, 31)
    torch.manual_seed(3)
    result = masker(ratio, GRID)
    torch.manual_seed(3)
    assert torch.equal(masker(ratio, GRID).mask, result.mask)
    assert not torch.equal(masker(torch.full((31,), 0.5), GRID).mask, result.mask)
    assert isinstance(result, MaskResult)
    assert result.mask.shape == (31, 3, 20)
    assert result.mask.dtype == torch.bool
    assert result.heatmap is None
    torch.testing.assert_close(result.ratio, result.mask.float().mean(dim=(1, 2)))


@pytest.mark.parametrize('kind', [TubeToken, RandomToken, FrameToken])
def test_per_batch_takes_the_first_ratio_and_one_mask(kind):
    ratio = torch.tensor([0.4, 0.9, 0.1])
    shared = kind(per_batch=True)(ratio, (10, 5, 5))
    assert (shared.mask == shared.mask[:1]).all()
    torch.testing.assert_close(shared.ratio, torch.full((3,), 0.4))
    own = kind()(ratio, (10, 5, 5))
    torch.testing.assert_close(own.ratio, ratio, atol=0.021, rtol=0)


@pytest.mark.parametrize('kind', [TubeToken, RandomToken])
def test_every_subset_of_tokens_is_equally_likely(kind):
    torch.manual_seed(0)
    mask = kind()(torch.full((6000,), 0.5), (1, 2, 2)).mask[:, 0]
    subsets = [tuple(row) for row in mask.tolist()]
    counts = [
        subsets.count(tuple(i in pair for i in range(4)))
        for pair in itertools.combinations(range(4), 2)
    ]
    assert sum(counts) == 6000
    chi_square = sum((count - 1000) ** 2 / 1000 for count in counts)
    assert chi_square < 15.09  # 1 % of 5 degrees of freedom


def test_errors():
    with pytest.raises(ValueError, match=r'`ratio` .* got shape \(2, 1\)'):
        TubeToken()(torch.rand(2, 1), GRID)
    with pytest.raises(NotImplementedError, match='BaseMasker must implement `draw`'):
        BaseMasker()(torch.rand(2), GRID)
    with pytest.raises(ConfigError, match="Did you mean 'TubeToken'"):
        MASKERS.build(dict(type='TubeTokens'))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
@pytest.mark.parametrize('kind', [TubeToken, RandomToken, FrameToken])
def test_no_wait_for_the_device(kind):
    ratio = torch.rand(4, device='cuda')
    masker = kind()
    masker(ratio, GRID)  # values are looked at once
    torch.cuda.set_sync_debug_mode('error')
    try:
        result = masker(ratio, GRID)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert result.mask.is_cuda


@pytest.mark.parametrize('kind', [TubeToken, RandomToken, FrameToken])
def test_rounding_down(kind):
    ratio = torch.rand(200, generator=torch.Generator().manual_seed(0))
    grid = (7, 3, 3)
    total = 7 if kind is FrameToken else 9
    result = kind(rounding='down')(ratio, grid)
    expected = torch.tensor([int(float(r) * total) / total for r in ratio])
    torch.testing.assert_close(result.ratio, expected)
    torch.testing.assert_close(result.mask.float().mean(dim=(1, 2)), expected)
    with pytest.raises(ValueError, match=r"`rounding` .* got 'up'"):
        kind(rounding='up')
