import pytest
import torch

from mmavssl.models.localizers.audio_input import localizer_audio
from mmavssl.utils.errors import ConfigError

VIEW = {
    name: torch.tensor(value)
    for value, name in enumerate(('video', 'audio', 'audio_clean', 'spectrogram'))
}


def without(*names):
    return {name: tensor for name, tensor in VIEW.items() if name not in names}


def test_logmel_is_the_clean_one_if_there_is_one():
    assert localizer_audio(VIEW, 'logmel') is VIEW['audio_clean']
    assert localizer_audio(without('audio_clean'), 'logmel') is VIEW['audio']
    assert localizer_audio(without('audio_clean', 'audio'), 'logmel') is None


def test_others_are_entries_of_the_view():
    assert localizer_audio(VIEW, 'spectrogram') is VIEW['spectrogram']
    assert localizer_audio({**VIEW, 'pitch': VIEW['video']}, 'pitch') is VIEW['video']


@pytest.mark.parametrize(
    ('audio_input', 'remedy'),
    [
        ('spectrogram', r'Add `LogSpectrogram\(\)` to the pipeline'),
        ('waveform', r'Add `PackAVInputs\(keep_waveform=True\)`'),
        ('log_mel', "Add what makes it .* The log-mel is 'logmel', the default"),
    ],
)
def test_never_another_sound_in_its_place(audio_input, remedy):
    with pytest.raises(
        ConfigError, match=f"gives no '{audio_input}', only video, audio.*{remedy}"
    ):
        localizer_audio(without('spectrogram'), audio_input)
