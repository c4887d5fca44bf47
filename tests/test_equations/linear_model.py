"""A recognizer that a few lines of plain Python compute as well, and a batch for it."""

import math

import torch
from torch import nn

from mmavssl.models.recognizers import RecognizerOutput
from mmavssl.structures import AVDataSample
from tests.test_equations.loops import loop_softmax


class LinearRecognizer(nn.Module):
    """Two linear features and a linear head; clips are (B, 3, 2, 4, 4), sounds (B, 3, 2)."""

    def __init__(self):
        super().__init__()
        self.video, self.audio, self.head = nn.Linear(96, 5), nn.Linear(6, 5), nn.Linear(10, 3)

    def forward(self, video, audio):
        video_feat, audio_feat = self.video(video.flatten(1)), self.audio(audio.flatten(1))
        return RecognizerOutput(
            self.head(torch.cat([video_feat, audio_feat], dim=1)), video_feat, audio_feat
        )


def loop_recognize(network, video, audio):
    """Logits, video and audio features as lists of rows."""

    def linear(layer, row):
        layers = zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        return [sum(w * x for w, x in zip(ws, row, strict=True)) + b for ws, b in layers]

    outputs = []
    for clip, sound in zip(video, audio, strict=True):
        features = linear(network.video, clip), linear(network.audio, sound)
        outputs.append((linear(network.head, features[0] + features[1]), *features))
    return [list(field) for field in zip(*outputs, strict=True)]


def linear_batch():
    """Two labeled and four unlabeled clips with sound."""

    def view(size):
        return {'video': torch.randn(size, 3, 2, 4, 4), 'audio': torch.randn(size, 3, 2)}

    inputs = {
        'labeled': {'weak': view(2)},
        'unlabeled': {'weak': view(4), 'strong': view(4)},
    }
    labeled = [AVDataSample().set_gt_label(label) for label in (2, 0)]
    unlabeled = [AVDataSample(metainfo={'sample_idx': i}) for i in range(4)]
    return inputs, {'labeled': labeled, 'unlabeled': unlabeled}


def loop_supervised(logits, labels):
    total = 0.0
    for z, label in zip(logits, labels, strict=True):
        total -= math.log(loop_softmax(z)[label])
    return total / len(labels)


def rows_of(view):
    return view['video'].flatten(1).tolist(), view['audio'].flatten(1).tolist()
