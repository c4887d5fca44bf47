"""What the localizer and the mixer are given of a clip."""

import pytest
import torch

from mmavssl.utils.errors import ConfigError
from tests.test_models.test_algorithms.test_semi_supervised.toys import ToyLocalizer, build
from tests.test_models.test_algorithms.toys import NUM_UNLABELED, batch


class Ear(ToyLocalizer):
    """A localizer that notes what it hears."""

    audio_input = 'spectrogram'

    def forward(self, frames: torch.Tensor, audio: torch.Tensor) -> torch.Tensor:
        self.heard = audio
        return super().forward(frames, audio)


def test_localizer_of_spectrograms_hears_the_strong_spectrogram() -> None:
    inputs, samples = batch()
    for warmup_epochs in (1, 0):
        model = build(localizer=Ear(), warmup_epochs=warmup_epochs)
        with pytest.raises(ConfigError, match="gives no 'spectrogram', only video, audio"):
            model.loss(inputs, samples)
    spectrogram = torch.rand(NUM_UNLABELED, 9, 7)
    inputs['unlabeled']['strong']['spectrogram'] = spectrogram
    model.loss(inputs, samples)
    assert model.mixer.masker.localizer.heard is spectrogram


@pytest.mark.parametrize('drop_partner', [True, False])
def test_partner_loses_colours_or_not_and_the_localizer_sees_all(drop_partner: bool) -> None:
    model = build(drop_partner=drop_partner)
    inputs, samples = batch()
    strong = inputs['unlabeled']['strong']
    strong['full_video'] = strong['video']
    strong['video'] = torch.zeros_like(strong['video'])
    seen = []
    model.mixer.register_forward_hook(
        lambda _, args, kwargs, result: seen.append((args, kwargs, result)), with_kwargs=True
    )
    model.loss(inputs, samples)
    [((_, _, partner), kwargs, result)] = seen
    expected = model.data_preprocessor.unnormalize(strong['full_video']).transpose(1, 2)
    torch.testing.assert_close(kwargs['frames'], expected)
    keep = result.mask.view(NUM_UNLABELED, 1, 2, 4, 1, 4, 1).expand(-1, 3, -1, -1, 4, -1, 4)
    second = torch.where(keep, 0.0, strong['full_video'][partner].view_as(keep)).flatten(1)
    zero = torch.zeros_like(second)
    torch.testing.assert_close(result.video.flatten(1), zero if drop_partner else second)
