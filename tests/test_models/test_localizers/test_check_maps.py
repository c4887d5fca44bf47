"""What a localizer of somebody's own may get wrong, wherever it is asked."""

import numpy as np
import pytest
import torch
from torch import nn

from mmavssl.apis.frame_maps import FrameMaps
from mmavssl.models.localizers import ObjectGuided
from mmavssl.models.maskers import ASLGuided
from mmavssl.registry import SSL_ALGORITHMS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError

CLIPS, FRAMES = 2, 3


class BrightSpot(nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.maps = maps

    def forward(self, frames, audio):
        return self.maps


WRONG = [
    (None, 'None'),
    (np.ones((CLIPS, FRAMES, 4, 4)), 'a ndarray'),
    ((torch.ones(CLIPS, FRAMES, 4, 4),), 'a tuple'),
    (torch.ones(CLIPS, FRAMES, 1, 4, 4), 'float32 (2, 3, 1, 4, 4)'),
    (torch.ones(CLIPS * FRAMES, 1, 4, 4), 'float32 (6, 1, 4, 4)'),
    (torch.ones(CLIPS, FRAMES, 0, 4), 'float32 (2, 3, 0, 4)'),
    (torch.ones(CLIPS, FRAMES, 4, 4, dtype=torch.complex64), 'complex64 (2, 3, 4, 4)'),
    (torch.ones(CLIPS, FRAMES, 4, 4, device='meta'), 'maps on meta'),
]


def asked_by_a_masker(localizer):
    masker, ratio = ASLGuided(localizer), torch.full((CLIPS,), 0.5)
    masker(ratio, (FRAMES, 4, 4), torch.rand(CLIPS, FRAMES, 3, 8, 8), torch.rand(CLIPS, 6, 5))


def asked_by_another_one(localizer):
    around = ObjectGuided(localizer, object_weights=False)
    around(torch.rand(CLIPS, FRAMES, 3, 32, 32), torch.rand(CLIPS, 6, 5))


def asked_by_a_test(localizer):
    trainer = SSL_ALGORITHMS.build(
        dict(type='LocalizerTrainer', localizer=localizer, loss=dict(type='FNACLoss'))
    )
    inputs = {'video': torch.rand(CLIPS, 1, 3, FRAMES, 8, 8), 'audio': torch.rand(CLIPS, 1, 6, 5)}
    trainer(inputs, [AVDataSample() for _ in range(CLIPS)], mode='predict')


@pytest.mark.parametrize('ask', [asked_by_a_masker, asked_by_another_one, asked_by_a_test])
@pytest.mark.parametrize(('maps', 'got'), WRONG)
def test_types_shapes_and_devices(ask, maps, got):
    with pytest.raises(ConfigError) as info:
        ask(BrightSpot(maps))
    assert str(info.value) == (
        'Expected the map of BrightSpot to be (B, T, h, w) with B=2 and T=3 on cpu, h and w of at '
        f'least 1, but got {got}.'
    )


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16, torch.uint8, torch.bool])
def test_a_map_of_any_kind_of_number_is_one(dtype):
    maps = torch.eye(3).to(dtype).expand(CLIPS, FRAMES, 3, 3)
    asked_by_a_masker(BrightSpot(maps))


def test_maps_that_are_computed_before_training():
    maps = FrameMaps(BrightSpot(None), 4, torch.device('cpu'))
    frames = np.random.default_rng(0).integers(256, size=(2, 8, 8, 3), dtype=np.uint8)
    with pytest.raises(ConfigError, match=r'map of BrightSpot .* B=1 and T=2 .* but got None'):
        maps({'imgs': torch.from_numpy(frames), 'audio': torch.rand(2, 6, 5)})
