import math

import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.losses import MILContrastiveLoss
from mmavssl.registry import LOSSES


def slow_loss(image_feat, audio_feat, temperature):
    batch, _, height, width = image_feat.shape
    peaks = [
        [
            max(
                float(image_feat[n, :, y, x] @ audio_feat[m]) / temperature
                for y in range(height)
                for x in range(width)
            )
            for m in range(batch)
        ]
        for n in range(batch)
    ]
    total = 0.0
    for n in range(batch):
        row = sum(math.exp(peaks[n][m]) for m in range(batch))
        column = sum(math.exp(peaks[m][n]) for m in range(batch))
        total += 2 * peaks[n][n] - math.log(row) - math.log(column)
    return -total / batch


def features(batch=4, seed=0):
    torch.manual_seed(seed)
    image_feat = F.normalize(torch.randn(batch, 8, 3, 2), dim=1)
    return image_feat, F.normalize(torch.randn(batch, 8), dim=1)


@pytest.mark.parametrize('temperature', [0.03, 0.5])
def test_against_loops(temperature):
    image_feat, audio_feat = features()
    loss = LOSSES.build(dict(type='MILContrastiveLoss', temperature=temperature))
    assert loss(image_feat, audio_feat).item() == pytest.approx(
        slow_loss(image_feat, audio_feat, temperature), rel=1e-5
    )


def test_gradient_reaches_the_peaks_only():
    image_feat, audio_feat = features()
    image_feat.requires_grad_()
    MILContrastiveLoss()(image_feat, audio_feat).backward()
    touched = image_feat.grad.abs().sum(dim=1).flatten(1).gt(0).sum(dim=1)
    assert touched.min() >= 1
    assert touched.max() <= 4  # one peak per sound


def test_no_warmup():
    image_feat, audio_feat = features()
    loss = MILContrastiveLoss()
    assert torch.equal(loss(image_feat, audio_feat, epoch=0), loss(image_feat, audio_feat))


def test_half_precision_features():
    image_feat, audio_feat = (x.bfloat16() for x in features())
    ours = MILContrastiveLoss()(image_feat, audio_feat)
    assert ours.dtype == torch.float32
    assert ours.item() == pytest.approx(
        slow_loss(image_feat.float(), audio_feat.float(), 0.03), rel=1e-4
    )


def test_wrong_temperature():
    with pytest.raises(ValueError, match='`temperature` to be positive, but got 0'):
        MILContrastiveLoss(temperature=0)
