import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmavssl.apis.model_front import ModelFront, is_untrained, missing_weights
from mmavssl.models.algorithms import SemiSupervisedRecognizer
from mmavssl.models.localizers import CenterPrior, FNACLocalizer, ObjectGuided

SIZE = dict(num_stages=2, base_channels=8, out_dims=16)
WEIGHTS = dict(type='Pretrained', checkpoint='nowhere.pth')


class LoadsItself(nn.Module):
    def init_weights(self):
        self.loaded = True


@pytest.mark.parametrize(
    ('localizer', 'untrained'),
    [
        (FNACLocalizer(**SIZE), True),
        (FNACLocalizer(**SIZE, init_cfg=WEIGHTS), False),
        (ObjectGuided(FNACLocalizer(**SIZE)), True),
        (ObjectGuided(FNACLocalizer(**SIZE, init_cfg=WEIGHTS)), False),
        (ObjectGuided(FNACLocalizer(**SIZE), init_cfg=WEIGHTS), False),
        (ObjectGuided(CenterPrior()), False),
        (LoadsItself(), False),
    ],
)
def test_untrained(localizer, untrained):
    assert is_untrained(localizer) is untrained


def test_missing_weights(tmp_path):
    localizer = dict(type='FNACLocalizer', init_cfg=WEIGHTS)
    assert missing_weights(dict(localizer=localizer)) == 'nowhere.pth'
    guided = dict(type='ObjectGuided', localizer=localizer)
    assert missing_weights(dict(localizer=guided)) == 'nowhere.pth'
    (tmp_path / 'a.pth').touch()
    there = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'))
    assert missing_weights(dict(localizer={**guided, 'init_cfg': there})) is None
    for masker in ({}, dict(localizer=dict(type='CenterPrior')), dict(localizer=CenterPrior())):
        assert missing_weights(masker) is None


@pytest.mark.parametrize('drop_partner', [True, False])
@pytest.mark.parametrize('masker', ['TubeToken', 'ASLGuided'])
def test_clips_are_mixed_as_in_training(masker, drop_partner):
    masker = dict(type=masker)
    if masker['type'] == 'ASLGuided':  # by the light of frames, which dropped colours change
        masker['localizer'] = BrightSpots()
    model = dict(
        student=nn.Identity(),
        threshold=dict(type='FixedThreshold'),
        mixer=dict(type='TokenMix', patch_size=4, masker=masker),
        drop_partner=drop_partner,
        data_preprocessor=dict(channel_dropout=0.5),
    )
    front, trained = ModelFront(Config(dict(model=model))), SemiSupervisedRecognizer(**model)
    generator = torch.Generator().manual_seed(0)
    video = torch.randint(256, (4, 3, 2, 16, 16), generator=generator).byte()
    view = {'video': video, 'audio': torch.randn(4, 10, 4, generator=generator)}
    torch.manual_seed(0)
    view = front.preprocessor({'inputs': {'unlabeled': {'strong': view}}}, True)
    view = view['inputs']['unlabeled']['strong']
    torch.manual_seed(1)
    shown = front.mix(view)
    torch.manual_seed(1)
    mixed = trained._mix(view, shown.partner)
    assert torch.equal(shown.pictures, front.pictures(mixed['video']))
    assert torch.equal(shown.ratio, mixed['ratio'])
    torch.testing.assert_close(shown.audio, mixed['audio'])


class BrightSpots(nn.Module):
    hears_sound = False

    def forward(self, frames, audio):
        return nn.functional.avg_pool2d(frames.mean(dim=2), 4)


@pytest.mark.parametrize(
    ('model', 'view'), [({}, 'strong'), ({'student_view': 'weak'}, 'weak')]
)
def test_mixed_view_is_the_students(model, view):
    assert ModelFront(Config(dict(model=model))).mixed_view == view
