import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmavssl.apis.inference_config import test_pipeline
from mmavssl.apis.inference_inputs import ClipInput, OpenInput, open_input
from mmavssl.apis.localizer_weights import saved_localizer
from mmavssl.apis.sound_maps import SoundMaps, trained_localizer, try_on_noise
from mmavssl.registry import LOCALIZERS
from mmavssl.utils.errors import ConfigError
from tests.small_predictor import CENTER, small_config

TINY = dict(
    type='FNACLocalizer', num_stages=2, base_channels=4, out_dims=8, pretrained_image=False
)


class Loud(nn.Module):
    """Frames' brightness, where the sound around them is loud; constant elsewhere."""

    def forward(self, frames, audio):
        loud = (audio.amax(dim=(1, 2)) > 0).float()[:, None, None, None]
        return frames.mean(dim=2) * loud


@pytest.fixture
def steps(avsprites_root):
    return test_pipeline(small_config(avsprites_root), 'full')


def arrays(seconds, beep):
    """A white square that goes from left to right; the sound begins at a time."""
    frames = np.zeros((round(16 * seconds), 48, 96, 3), np.uint8)
    for index, frame in enumerate(frames):
        x = round(88 * index / len(frames))
        frame[20:28, x : x + 8] = 255
    times = np.arange(round(16000 * seconds)) / 16000
    tone = np.sin(2 * np.pi * 440 * times) * (times >= beep)
    return {'video': frames, 'fps': 16, 'audio': tone, 'sample_rate': 16000}


def maps_of(steps, arrays):
    results = open_input(OpenInput(audio='silence'), ClipInput('a', arrays))
    return SoundMaps(Loud(), steps)(results)


@pytest.mark.parametrize('at_a_time', [5, 32])
def test_maps_follow_what_is_seen_and_heard(steps, monkeypatch, at_a_time):
    monkeypatch.setattr('mmavssl.apis.sound_maps.AT_A_TIME', at_a_time)
    maps, times = maps_of(steps, arrays(4, beep=2.5))
    assert maps.shape == (32, 28, 28)
    assert times[[0, -1]].tolist() == [0, 4 - 1 / 16]
    silent = np.ptp(maps, axis=(1, 2)) == 0
    # 1.93 s are heard around each frame.
    assert (silent == (times + 1 / 32 + 1.93 / 2 < 2.5)).mean() > 0.95
    columns = maps[~silent].max(axis=1).argmax(axis=1)
    expected = (88 * times[~silent] / 4 + 4) / 96 * 28 - 0.5
    assert np.abs(columns - expected).max() < 1.5


def test_number_of_maps(steps, monkeypatch):
    clip = arrays(2, beep=0)
    for name, value, count in (
        ('MAX_MAPS', 7, 7),
        ('MAX_BYTES', 3 * 48 * 96 * 3, 3),
        ('MAX_BYTES', 1, 1),
        ('MAPS_PER_SECOND', 0.1, 1),
    ):
        monkeypatch.setattr(f'mmavssl.apis.sound_maps.{name}', value)
        assert len(maps_of(steps, clip)[0]) == count


class Change(nn.Module):
    """How bright a frame is beside the others."""

    def forward(self, frames, audio):
        return (frames - frames.mean(dim=1, keepdim=True)).mean(dim=2)


def test_noise_shows_what_compares_frames(steps):
    opener = OpenInput(audio='silence')
    try_on_noise(SoundMaps(Loud(), steps), opener)
    with pytest.raises(ConfigError, match='Change gives a frame another map beside other frames'):
        try_on_noise(SoundMaps(Change(), steps), opener)
    deaf = [step for step in steps if step['type'] != 'LogMel']
    with pytest.raises(ConfigError, match='Loud hears a log-mel, but'):
        try_on_noise(SoundMaps(Loud(), deaf), opener)


def test_weights_of_the_checkpoint_or_of_their_own(tmp_path):
    torch.manual_seed(1)
    source = LOCALIZERS.build(TINY)
    state = {f'mixer.masker.localizer.{k}': v for k, v in source.state_dict().items()}
    saved = saved_localizer({'state_dict': {**state, 'student.x': torch.zeros(1)}})
    assert saved.keys() == source.state_dict().keys()
    torch.save({'state_dict': source.state_dict()}, tmp_path / 'own.pth')
    own = dict(type='Pretrained', checkpoint=str(tmp_path / 'own.pth'))
    for init_cfg, given in ((None, saved), (own, {}), (dict(own, checkpoint='gone.pth'), saved)):
        found = trained_localizer(config({**TINY, 'init_cfg': init_cfg}), given)
        assert not found.training
        for name, value in found.state_dict().items():
            assert torch.equal(value, source.state_dict()[name]), name
    assert trained_localizer(config(CENTER), {})(torch.zeros(1, 2, 3, 8, 8), None).shape[1] == 2


def config(localizer):
    masker = dict(type='ASLGuided', localizer=localizer)
    return Config(dict(model=dict(mixer=dict(type='TokenMix', masker=masker))))


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (Config(dict(model=dict())), r'the config has no `model\.mixer\.masker\.localizer`'),
        (Config(dict(model=dict(mixer=None))), r'the config has no `model\.mixer'),
        (config(dict(TINY, init_cfg=dict(checkpoint='gone.pth'))), r'gone\.pth .* do not exist'),
        (config(TINY), 'has no `init_cfg`, and no checkpoint of a run brings its weights'),
        (config(dict(type='PrecomputedMap')), 'PrecomputedMap .* looks up what'),
    ],
)
def test_no_localizer(cfg, message):
    with pytest.raises(ConfigError, match=f'No map can be drawn: .*{message}'):
        trained_localizer(cfg, {})


def test_how_to_make_the_weights():
    cfg = config(dict(TINY, init_cfg=dict(checkpoint='gone.pth')))
    cfg.prepare_commands = dict(localizer='python tools/train.py x.py')
    with pytest.raises(ConfigError, match=r'To make them: python tools/train\.py x\.py'):
        trained_localizer(cfg, {})


def test_saved_weights_of_another_localizer():
    with pytest.raises(ConfigError, match='does not fit the config: unexpected: x'):
        trained_localizer(config(TINY), {'x': torch.zeros(1)})
