import pytest
import torch

from mmavssl.structures.trained_input import check_trained_input, trained_input
from mmavssl.utils.errors import ConfigError

OFFICIAL = {'model': {'weight': torch.zeros(1)}, 'epoch': 3}
TENSORS = {'weight': torch.zeros(1)}


@pytest.mark.parametrize(
    ('content', 'expected'),
    [
        ({'state_dict': TENSORS, 'meta': {'audio_input': 'logmel'}}, 'logmel'),
        ({'state_dict': TENSORS, 'meta': {'epoch': 3}}, None),
        ({'state_dict': TENSORS, 'meta': None}, None),
        (TENSORS, None),
        (OFFICIAL, 'spectrogram'),
        ({**OFFICIAL, 'meta': {'audio_input': 'logmel'}}, 'logmel'),
    ],
)
def test_what_a_file_says(content, expected):
    assert trained_input(content) == expected


def test_only_another_input_is_refused():
    for content, heard in ((OFFICIAL, 'spectrogram'), (TENSORS, 'logmel'), ({}, 'pitch')):
        check_trained_input(content, heard, 'a.pth')
    with pytest.raises(ConfigError) as info:
        check_trained_input(OFFICIAL, 'logmel', 'best.pth')
    assert str(info.value) == (
        "best.pth was trained with `audio_input`='spectrogram', but the localizer has 'logmel': "
        "what it hears would mean nothing to it. Set its `audio_input='spectrogram'` and add "
        '`LogSpectrogram()` to the pipeline.'
    )
    content = {'meta': {'audio_input': 'pitch'}}
    with pytest.raises(ConfigError, match=r"Set its `audio_input='pitch'` and add what makes it"):
        check_trained_input(content, 'logmel', 'a.pth')
