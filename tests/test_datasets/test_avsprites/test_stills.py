import numpy as np
import pytest
import torch

from mmavssl.datasets.avsprites.shipped import DEFAULT
from mmavssl.datasets.avsprites.stills import AVSpritesStills
from mmavssl.registry import DATASETS
from mmavssl.structures import DrawIndex


def image(sample):
    return sample['inputs']['weak']['video']


def test_training_sample():
    stills = DATASETS.build(dict(type='AVSpritesStills', length=10, size=48, seed=3))
    assert len(stills) == 10
    assert stills.metainfo['classes'] == ('ball', 'box', 'wedge', 'star')
    sample = stills[6]
    assert image(sample).shape == (3, 1, 48, 48)
    assert image(sample).dtype == torch.uint8
    assert sample['data_samples'].gt_label.tolist() == [2]
    assert sample['data_samples'].source == 'labeled'
    assert sample['data_samples'].sample_idx == 6


def test_test_sample():
    stills = AVSpritesStills(length=8, test_mode=True)
    sample = stills[DrawIndex(5, epoch=1)]
    assert sample['inputs']['video'].shape == (1, 3, 1, 64, 64)
    assert sample['data_samples'].source == 'test'
    assert torch.equal(sample['inputs']['video'], stills[5]['inputs']['video'])
    training = AVSpritesStills(length=8)
    assert not torch.equal(sample['inputs']['video'][0], image(training[5]))


def test_draws_follow_from_the_index():
    stills = AVSpritesStills(length=8)
    indices = [DrawIndex(1), DrawIndex(1, epoch=1), DrawIndex(1, repeat=1), DrawIndex(5)]
    images = [image(stills[index]) for index in indices]
    assert len({x.numpy().tobytes() for x in images}) == 4
    state = np.random.get_state()[1].copy()
    assert torch.equal(image(stills[1]), images[0])
    assert (np.random.get_state()[1] == state).all()
    assert not torch.equal(image(AVSpritesStills(length=8, seed=1)[1]), images[0])


def test_every_kind_is_recognized_by_its_colour():
    """The most vivid pixels have the hue of the kind, wherever and however large it is."""
    stills = AVSpritesStills(length=40)
    for index in range(40):
        sample = stills[index]
        pixels = image(sample)[:, 0].reshape(3, -1).double()
        vivid = pixels[:, (pixels.amax(0) - pixels.amin(0)).topk(20).indices]
        red, green, blue = vivid.median(dim=1).values.tolist()
        seen = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue) / (2 * np.pi)
        distance = [abs((seen - kind.hue + 0.5) % 1 - 0.5) for kind in DEFAULT.actors]
        assert int(np.argmin(distance)) == sample['data_samples'].gt_label.item()


def test_appearance_can_be_changed():
    shape = AVSpritesStills(length=4, appearance='shape')
    assert shape.recipe.difficulty.appearance == 'shape'
    assert DEFAULT.difficulty.appearance == 'colour'


@pytest.mark.parametrize(
    ('arguments', 'name'),
    [
        (dict(length=0), 'length'),
        (dict(size=8), 'size'),
        (dict(sprite_size=(0.5, 0.2)), 'sprite_size'),
        (dict(recipe='none'), 'recipe'),
        (dict(appearance='none'), 'appearance'),
    ],
)
def test_errors_name_the_parameter(arguments, name):
    with pytest.raises(ValueError, match=f'`{name}`'):
        AVSpritesStills(**arguments)


def test_index_out_of_range():
    with pytest.raises(IndexError):
        AVSpritesStills(length=4)[4]
