import pytest
from torch import nn

from mmavssl.apis.model_front import is_untrained, missing_weights
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
