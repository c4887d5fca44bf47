import pytest
import torch
from torch import nn

from mmavssl.models.data_preprocessors import AVDataPreprocessor
from mmavssl.models.mixers import CutMix, MixUp, TokenMix, mix_view
from mmavssl.utils.errors import ConfigError

PARTNER = torch.tensor([1, 2, 0])


def view(dropped=True, **entries):
    generator = torch.Generator().manual_seed(0)
    video = torch.randn(3, 3, 2, 8, 8, generator=generator)
    colours = torch.tensor([1.25, 0.0, 1.25]).view(3, 1, 1, 1)
    videos = {'video': video * colours, 'full_video': video} if dropped else {'video': video}
    return {**videos, 'audio': torch.randn(3, 10, 4, generator=generator), **entries}


class Seeing(nn.Module):
    """Remembers what it is called with."""

    needs_localization = True
    audio_input = 'logmel'

    def forward(self, video, audio, partner, **guide):
        self.seen = dict(video=video, audio=audio, partner=partner, **guide)


@pytest.mark.parametrize('dropped', [True, False])
@pytest.mark.parametrize('drop_partner', [True, False])
def test_what_a_mixer_gets(dropped, drop_partner):
    mixer, preprocessor = Seeing(), AVDataPreprocessor()
    clips = view(dropped, audio_clean=torch.ones(3, 10, 4))
    mix_view(mixer, preprocessor, clips, PARTNER, drop_partner)
    full = clips['full_video' if dropped else 'video']
    expected = {
        'video': clips['video'],
        'audio': clips['audio'],
        'partner': PARTNER,
        'frames': preprocessor.unnormalize(full).transpose(1, 2),
        'audio_clean': clips['audio_clean'],
        **({} if drop_partner else {'others': full}),
    }
    assert mixer.seen.keys() == expected.keys()
    assert all(mixer.seen[name].equal(value) for name, value in expected.items())


@pytest.mark.parametrize('mixer', [MixUp(), CutMix(), TokenMix(dict(type='TubeToken'), 4)])
def test_partner_keeps_its_colours(mixer):
    clips = view()
    results = []
    for drop_partner in (True, False):
        torch.manual_seed(0)
        results.append(mix_view(mixer, None, clips, PARTNER, drop_partner).video[:, 1])
    assert not results[0].any()  # the colour that all clips have lost
    assert results[1].any()


def test_what_the_localizer_hears_is_missing():
    mixer = Seeing()
    mixer.audio_input = 'waveform'
    with pytest.raises(ConfigError, match="gives no 'waveform'"):
        mix_view(mixer, AVDataPreprocessor(), view(), PARTNER)
