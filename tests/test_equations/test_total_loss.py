"""Eq. 19: the total loss of a whole training step."""

import math

import pytest
import torch
from torch import nn

from mmavssl.models.algorithms import SemiSupervisedRecognizer
from mmavssl.models.losses import AVContrastiveLoss
from mmavssl.models.maskers import TubeToken
from mmavssl.models.mixers import TokenMix
from mmavssl.models.thresholds import FixedThreshold
from tests.test_equations.linear_model import (
    LinearRecognizer,
    linear_batch,
    loop_recognize,
    loop_supervised,
    rows_of,
)
from tests.test_equations.loops import (
    assert_gradient,
    close,
    loop_max,
    loop_mix_loss,
    loop_nce,
    loop_similarity,
    loop_softmax,
    transpose,
)


def loop_mix_clips(view, partner, mask):
    """Mix clips (3, 2, 4, 4) by blocks of 2 x 2 pixels, and sounds (3, 2) by the share kept."""
    videos, audios, ratios = [], [], []
    for b, other in enumerate(partner):
        kept = sum(mask[b][t][n] for t in range(2) for n in range(4))
        ratios.append(kept / 8)
        clip = []
        for c in range(3):
            for t in range(2):
                for y in range(4):
                    for x in range(4):
                        source = b if mask[b][t][y // 2 * 2 + x // 2] else other
                        clip.append(float(view['video'][source, c, t, y, x]))
        videos.append(clip)
        pairs = zip(*(view['audio'][i].flatten().tolist() for i in (b, other)), strict=True)
        audios.append([ratios[b] * first + (1 - ratios[b]) * second for first, second in pairs])
    return videos, audios, ratios


@pytest.mark.parametrize(
    'weights', [None, {'unsup': 3.0, 'mix': 0.5, 'contrast': 0.7}], ids=['paper', 'other']
)
def test_eq19_total_loss(weights):
    tau = 0.7
    model = SemiSupervisedRecognizer(
        LinearRecognizer(),
        FixedThreshold(tau),
        TokenMix(TubeToken(), patch_size=2),
        contrast=AVContrastiveLoss(),
        loss_weights=weights,
    )
    for parameter in model.teacher.parameters():
        nn.init.normal_(parameter, std=0.2)
    inputs, samples = linear_batch()
    seen = []
    model.mixer.register_forward_hook(lambda _, args, result: seen.append((args, result)))
    losses = model.loss(inputs, samples)
    [((_, _, partner), result)] = seen
    partner = partner.tolist()
    weak, strong = (inputs['unlabeled'][name] for name in ('weak', 'strong'))

    q = [loop_softmax(z) for z in loop_recognize(model.teacher, *rows_of(weak))[0]]
    labeled = loop_recognize(model.student, *rows_of(inputs['labeled']['weak']))
    unlabeled = loop_recognize(model.student, *rows_of(strong))
    clips, sounds, ratio = loop_mix_clips(strong, partner, result.mask.tolist())
    mixed = loop_recognize(model.student, clips, sounds)

    unsup, accepted = 0.0, 0
    for row, z in zip(q, unlabeled[0], strict=True):
        conf, label = loop_max(row)
        if conf >= tau:
            unsup -= math.log(loop_softmax(z)[label]) / 4
            accepted += 1
    assert 0 < accepted < 4
    mix = loop_mix_loss('mse_logit', 'convex', mixed[0], q, tau, partner, ratio)
    groups = (labeled, unlabeled, mixed)
    video, audio = ([torch.tensor(group[field]) for group in groups] for field in (1, 2))
    similarity = loop_similarity(video, audio, 0.07)
    contrast = (loop_nce(similarity) + loop_nce(transpose(similarity))) / 2

    gamma = weights or {'unsup': 2.0, 'mix': 2.0, 'contrast': 0.1}
    expected = {
        'loss_sup': loop_supervised(labeled[0], [2, 0]),
        'loss_unsup': gamma['unsup'] * unsup,
        'loss_mix': gamma['mix'] * mix,
        'loss_contrast': gamma['contrast'] * contrast,
    }
    for name, value in expected.items():
        close(losses[name], value)
        assert value > 0.01, name
    total, _ = model.parse_losses(losses)
    close(total, sum(expected.values()))
    assert_gradient(total, *model.student.parameters())
