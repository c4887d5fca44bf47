import pytest
import torch

from mmavssl.models.localizers import CenterPrior, Oracle, PrecomputedMap, Uniform
from mmavssl.registry import LOCALIZERS

FRAMES, SOUND = torch.rand(2, 3, 3, 32, 32), torch.rand(2, 16, 8)


def test_center_prior():
    maps = LOCALIZERS.build(dict(type='CenterPrior', size=5, sigma=0.2))(FRAMES, SOUND)
    assert maps.shape == (2, 3, 5, 5)
    assert maps[0, 0, 2, 2] == maps.max() == 1
    # One cell beside the middle is one standard deviation away.
    torch.testing.assert_close(maps[1, 2, 2, 3], torch.tensor(-0.5).exp())
    torch.testing.assert_close(maps, maps.transpose(2, 3))
    torch.testing.assert_close(maps, maps.flip(2))


def test_uniform_is_chance():
    torch.manual_seed(0)
    maps = Uniform(size=4)(torch.zeros(500, 2, 3, 8, 8), SOUND)
    assert maps.shape == (500, 2, 4, 4)
    peaks = maps.flatten(2).argmax(dim=2).flatten().bincount(minlength=16)
    assert ((peaks - 62.5).abs() < 5 * 62.5**0.5).all()
    assert not torch.equal(maps[0, 0], maps[0, 1])


def test_oracle_covers_the_box():
    boxes = torch.tensor([0.25, 0.0, 0.5, 0.625]).repeat(2, 3, 1)
    boxes[1, 2] = torch.tensor([-0.5, 0.5, 0.125, 1.5])
    maps = Oracle(size=4)(FRAMES, boxes)
    assert maps.dtype == torch.float32
    column = torch.tensor([1, 1, 0.5, 0])
    torch.testing.assert_close(maps[0, 0, :, 1], column)
    assert maps[0, 0].sum() == column.sum()
    torch.testing.assert_close(maps[1, 2, :, 0], torch.tensor([0, 0, 0.5, 0.5]))


def test_precomputed():
    maps = torch.rand(2, 3, 7, 7)
    assert PrecomputedMap()(FRAMES, maps) is maps


@pytest.mark.parametrize(
    ('make', 'name'),
    [
        (lambda: CenterPrior(size=0), 'size'),
        (lambda: CenterPrior(sigma=-1), 'sigma'),
        (lambda: Uniform(size=0), 'size'),
        (lambda: Oracle(size=0), 'size'),
        (lambda: Oracle()(FRAMES, torch.zeros(2, 4)), 'boxes'),
        (lambda: PrecomputedMap()(FRAMES, torch.zeros(2, 2, 7, 7)), 'sound_map'),
    ],
)
def test_wrong_arguments(make, name):
    with pytest.raises(ValueError, match=f'Expected `{name}`'):
        make()
