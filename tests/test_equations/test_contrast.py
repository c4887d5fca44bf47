"""Eq. 13-18: the contrastive loss of video and audio features."""

import math

import torch

from mmavssl.models.losses import AVContrastiveLoss
from mmavssl.models.losses.av_contrastive import diagonal_nce
from tests.test_equations.loops import assert_gradient, close, loop_nce, loop_similarity, transpose


def three_groups(width=6):
    """z_v and z_a of 1 labeled, 3 unlabeled and 3 mixed clips."""
    video = [torch.randn(count, width, requires_grad=True) for count in (1, 3, 3)]
    audio = [torch.randn(count, width, requires_grad=True) for count in (1, 3, 3)]
    return video, audio


def test_eq13_features_of_all_clips_are_stacked():
    """Labeled, unlabeled and mixed clips are each other's negatives, in both modalities."""
    video, audio = three_groups()
    loss = AVContrastiveLoss()
    stacked = loss(torch.cat(video), torch.cat(audio))
    similarity = loop_similarity(video, audio, 0.07)
    assert len(similarity) == 7
    close(stacked, (loop_nce(similarity) + loop_nce(transpose(similarity))) / 2)
    apart = sum(loss(v, a) * len(v) for v, a in zip(video, audio, strict=True)) / 7
    assert stacked > apart + 0.1
    assert_gradient(stacked, *video, *audio)


def test_eq14_features_are_normalized():
    video, audio = torch.randn(4, 5), torch.randn(4, 5)
    similarity = AVContrastiveLoss(temperature=1.0).similarity(video, audio)
    for i in range(4):
        for j in range(4):
            lengths = math.dist(video[i].tolist(), [0] * 5) * math.dist(audio[j].tolist(), [0] * 5)
            close(similarity[i, j] * lengths, float(video[i] @ audio[j]))


def test_eq15_similarity():
    video, audio = three_groups()
    actual = AVContrastiveLoss(temperature=0.2).similarity(torch.cat(video), torch.cat(audio))
    close(actual, loop_similarity(video, audio, 0.2))


def test_eq16_video_to_audio():
    video, audio = three_groups()
    similarity = AVContrastiveLoss(0.2).similarity(torch.cat(video), torch.cat(audio))
    loss = diagonal_nce(similarity)
    close(loss, loop_nce(loop_similarity(video, audio, 0.2)))
    assert_gradient(loss, *video, *audio)


def test_eq17_audio_to_video():
    video, audio = three_groups()
    similarity = AVContrastiveLoss(0.2).similarity(torch.cat(video), torch.cat(audio))
    loss = diagonal_nce(similarity.T)
    close(loss, loop_nce(transpose(loop_similarity(video, audio, 0.2))))
    assert_gradient(loss, *video, *audio)


def test_eq18_contrastive_loss_is_the_mean_of_both_directions():
    video, audio = three_groups()
    loss = AVContrastiveLoss(0.2)(torch.cat(video), torch.cat(audio))
    similarity = loop_similarity(video, audio, 0.2)
    close(loss, (loop_nce(similarity) + loop_nce(transpose(similarity))) / 2)
    assert_gradient(loss, *video, *audio)
