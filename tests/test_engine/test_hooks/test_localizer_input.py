from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmavssl.registry import HOOKS, SSL_ALGORITHMS
from mmavssl.utils.errors import ConfigError

LOCALIZER = dict(type='FNACLocalizer', num_stages=2, base_channels=8, out_dims=16)


def hook():
    return HOOKS.build(dict(type='LocalizerInputHook'))


def runner(**localizer):
    model = SSL_ALGORITHMS.build(
        dict(
            type='LocalizerTrainer',
            localizer={**LOCALIZER, **localizer},
            loss=dict(type='FNACLoss'),
        )
    )
    return SimpleNamespace(model=model)


@pytest.mark.parametrize('heard', ['logmel', 'spectrogram'])
def test_checkpoint_says_what_the_localizer_hears(heard):
    run = runner(audio_input=heard)
    checkpoint = {'state_dict': run.model.state_dict(), 'meta': {'epoch': 1}}
    names = list(checkpoint['state_dict'])
    hook().before_save_checkpoint(run, checkpoint)
    assert checkpoint['meta'] == {'epoch': 1, 'audio_input': heard}
    assert list(checkpoint['state_dict']) == names
    hook().after_load_checkpoint(run, checkpoint)
    other = runner(audio_input={'logmel': 'spectrogram', 'spectrogram': 'logmel'}[heard])
    with pytest.raises(ConfigError, match=f"The checkpoint was trained with .*'{heard}', but"):
        hook().after_load_checkpoint(other, checkpoint)


def test_files_that_do_not_say_are_loaded():
    hook().after_load_checkpoint(runner(), {'weight': torch.zeros(1)})


def test_models_without_a_localizer_are_left_alone():
    run, checkpoint = SimpleNamespace(model=nn.Linear(2, 2)), {'meta': {}}
    hook().before_save_checkpoint(run, checkpoint)
    assert checkpoint == {'meta': {}}
    hook().after_load_checkpoint(run, {'meta': {'audio_input': 'logmel'}})
