import numpy as np
import pytest
import torch
from torch import nn

from mmavssl.apis.frame_maps import FrameMaps, weights_digest
from mmavssl.models.localizers import (
    CenterPrior,
    CosineLocalizer,
    ObjectGuided,
    Oracle,
    Uniform,
)
from mmavssl.utils.errors import ConfigError


class Brightness(nn.Module):
    audio_input = 'waveform'

    def forward(self, frames, audio):
        return frames.mean(dim=2) + audio.mean(dim=1)[:, None, None, None]


class Change(Brightness):
    def forward(self, frames, audio):
        return super().forward(frames - frames.mean(dim=1, keepdim=True), audio)


def video(num_maps=3, **changes):
    rng = np.random.default_rng(0)
    return {
        'imgs': torch.from_numpy(rng.integers(0, 256, (num_maps, 32, 48, 3), np.uint8)),
        'waveform': torch.from_numpy(np.float32(rng.normal(size=(num_maps, 160)))),
        'audio': torch.from_numpy(np.float32(rng.normal(size=(num_maps, 64, 32)))),
        **changes,
    }


def test_each_frame_has_its_own_sound():
    given = video()
    maps = FrameMaps(Brightness(), 4)(given)
    cells = given['imgs'].float().div(255).mean(dim=3).unflatten(2, (4, 12)).unflatten(1, (4, 8))
    # Antialiasing weights a cell's surroundings as well; means over all cells are kept.
    expected = cells.mean(dim=(1, 2, 3, 4)) + given['waveform'].mean(dim=1)
    assert maps.shape == (3, 4, 4)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), expected, atol=0.02)


def test_nothing_to_see_or_hear_is_zero():
    given = video(num_maps=4)
    given['imgs'][1] = torch.tensor([10, 20, 30], dtype=torch.uint8)
    given['waveform'][2] = 0
    given['waveform'][3, 5] = torch.nan
    maps = FrameMaps(Brightness(), 4)(given)
    assert (np.abs(maps).sum(axis=(1, 2)) > 0).tolist() == [True, False, False, False]


@pytest.mark.parametrize('make', [Change, lambda: Uniform(size=4)])
def test_localizer_of_more_than_the_frame_is_refused(make):
    with pytest.raises(ConfigError, match='gives a frame another map beside other frames'):
        FrameMaps(make(), 4)(video(num_maps=1))


def test_it_is_tried_on_a_frame_that_shows_something():
    localize = FrameMaps(Change(), 4)
    blank = video(waveform=torch.zeros(3, 160))
    assert not localize(blank).any()
    with pytest.raises(ConfigError, match='compares frames'):
        localize(video())


def test_localizers_of_the_package_pass():
    torch.manual_seed(0)
    cosine = CosineLocalizer(num_stages=2, base_channels=8, out_dims=16, map='affinity')
    for localizer in (cosine, ObjectGuided(cosine, object_weights=False)):
        maps = FrameMaps(localizer, 7)(video())
        assert (np.ptp(maps, axis=(1, 2)) > 0).all()


def test_other_inputs_are_refused():
    with pytest.raises(ConfigError, match="Oracle has `audio_input`='boxes', but only maps by"):
        FrameMaps(Oracle(), 4)
    deaf = {name: value for name, value in video().items() if name != 'audio'}
    with pytest.raises(ConfigError, match=r'CosineLocalizer hears a log-mel, but .* Add LogMel'):
        FrameMaps(CosineLocalizer(num_stages=2, base_channels=8), 4)(deaf)


def test_digest_is_of_names_and_values():
    def digest(seed, layer=nn.BatchNorm2d):
        torch.manual_seed(seed)
        return weights_digest(nn.Sequential(nn.Conv2d(3, 4, 3), layer(4)))

    assert digest(0) == digest(0) != digest(1)
    assert digest(0) != digest(0, lambda channels: nn.GroupNorm(2, channels))


def test_digest_is_of_what_is_not_in_checkpoints_as_well():
    guided = ObjectGuided(CenterPrior(), object_weights=False)
    before = weights_digest(guided)
    nn.init.zeros_(guided.objects.conv1.weight)
    assert weights_digest(guided) != before


def test_silence_says_nothing_of_a_localizer_that_hears_no_sound():
    class Looks(Brightness):
        hears_sound = False

    given = video()
    given['waveform'][:] = 0
    assert (np.abs(FrameMaps(Looks(), 4)(given)).sum(axis=(1, 2)) > 0).all()
    assert (FrameMaps(Brightness(), 4)(given) == 0).all()
