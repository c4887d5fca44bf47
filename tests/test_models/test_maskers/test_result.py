"""What a masker of somebody's own may get wrong."""

import re

import pytest
import torch

from mmavssl.models.maskers import BaseMasker, MaskResult, TubeToken
from mmavssl.models.mixers import TokenMix
from mmavssl.models.utils import given
from mmavssl.utils.errors import ConfigError

GRID, CLIPS, TOKENS = (2, 3, 4), 5, 12
NAN = float('nan')


class Stripes(BaseMasker):
    """Keeps every second token, or draws what it is given."""

    def __init__(self, change=lambda result: result):
        super().__init__()
        self.change = change

    def draw(self, ratio, grid, frames=None, audio=None):
        num_frames, height, width = grid
        mask = torch.arange(height * width) % 2 == 0
        return self.change(
            MaskResult(mask.expand(len(ratio), num_frames, -1), torch.full_like(ratio, 0.5))
        )


def mixed(change):
    mixer = TokenMix(Stripes(change), patch_size=4)
    video = torch.randn(CLIPS, 3, GRID[0], 12, 16)
    return mixer(video, torch.randn(CLIPS, 6, 4), torch.arange(CLIPS).flip(0))


@pytest.mark.parametrize(
    'change',
    [
        lambda result: result,
        lambda result: result._replace(heatmap=torch.rand(CLIPS, *GRID)),
        lambda result: result._replace(ratio=result.ratio.bfloat16()),
    ],
)
def test_what_is_right_passes(change):
    assert mixed(change).ratio.tolist() == [0.5] * CLIPS


@pytest.mark.parametrize(
    ('change', 'got'),
    [
        (lambda result: result.mask, f'bool ({CLIPS}, 2, {TOKENS})'),
        (lambda result: tuple(result), 'a tuple'),
        (lambda result: None, 'None'),
        (
            lambda result: result._replace(mask=result.mask.unflatten(2, GRID[1:])),
            f'`mask` bool ({CLIPS}, 2, 3, 4)',
        ),
        (lambda result: result._replace(mask=result.mask[:, :1]), f'`mask` bool ({CLIPS}, 1, 12)'),
        (
            lambda result: result._replace(mask=result.mask.float()),
            f'`mask` float32 ({CLIPS}, 2, 12)',
        ),
        (lambda result: result._replace(mask=result.mask.long()), '`mask` int64'),
        (lambda result: result._replace(ratio=None), '`ratio` None'),
        (lambda result: result._replace(ratio=0.5), '`ratio` a float'),
        (lambda result: result._replace(ratio=result.ratio[:, None]), f'`ratio` float32 ({CLIPS}'),
        (lambda result: result._replace(ratio=result.ratio.long()), f'`ratio` int64 ({CLIPS},)'),
        (lambda result: result._replace(ratio=result.ratio.to('meta')), '`ratio` on meta'),
        (
            lambda result: result._replace(heatmap=torch.rand(CLIPS, *GRID[1:])),
            f'`heatmap` float32 ({CLIPS}, 3, 4)',
        ),
        (
            lambda result: MaskResult(result.mask.float(), None),
            f'`mask` float32 ({CLIPS}, 2, 12), `ratio` None',
        ),
    ],
)
def test_types_and_shapes(change, got):
    with pytest.raises(ConfigError) as info:
        mixed(change)
    message = str(info.value)
    assert message.startswith(
        'Expected Stripes.draw to give a MaskResult with a bool `mask` (B, T, h*w) = (5, 2, 12), '
        'a float `ratio` (B,) = (5,) and a `heatmap` that is None or float (B, T, h, w) = '
        '(5, 2, 3, 4), all on cpu, but got '
    )
    assert got in message.partition('but got ')[2]


@pytest.mark.parametrize('value', [0.0, 2.25, 0.55, NAN])
def test_ratio_that_is_not_that_of_the_mask(value):
    def change(result):
        result.ratio[3] = value
        return result

    text = f'`ratio` of Stripes.draw .* but got {value:.3g} for clip 3, whose mask has 0.5.'
    with pytest.raises(ConfigError, match=text):
        mixed(change)


def test_elsewhere_values_are_looked_at_in_the_first_call_alone(monkeypatch):
    monkeypatch.setattr(given, 'is_far', lambda value: True)
    ratio = torch.full((CLIPS,), 0.5)
    masker = Stripes(lambda result: result._replace(ratio=result.ratio * 0))
    with pytest.raises(ConfigError, match='whose mask has'):
        masker(ratio, GRID)
    assert masker(ratio, GRID).ratio.eq(0).all()
    masker.change = lambda result: None
    with pytest.raises(ConfigError, match=re.escape('but got None.')):
        masker(ratio, GRID)


def test_maskers_can_be_compiled():
    """The check breaks no graph."""
    masker = TubeToken()
    masker.compile(fullgraph=True, backend='eager')
    assert masker(torch.full((CLIPS,), 0.5), GRID).mask.sum() == CLIPS * 2 * 6
