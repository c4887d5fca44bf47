from contextlib import redirect_stderr

import numpy as np
import torch

from mmavssl.apis.report import tested_clips
from mmavssl.apis.report.tested_clips import TestedClip, confusion_of, examples, predict_clips
from mmavssl.structures import AVDataSample
from tests.terminal import Terminal

FRAMES = np.zeros((2, 8, 8, 3), np.uint8)


def clip(label, *probs):
    return TestedClip(f'{label}_{probs}', label, np.float32(probs), FRAMES)


CLIPS = [clip(0, 0.9, 0.1), clip(0, 0.6, 0.4), clip(0, 0.2, 0.8), clip(1, 0.7, 0.3)]


def test_confusion():
    assert confusion_of(CLIPS).tolist() == [[2, 1, 0], [1, 0, 0]]


def test_examples_that_say_most():
    right, wrong = examples(CLIPS, 1)
    assert right == [CLIPS[1]]
    assert wrong == [CLIPS[2]]
    assert examples(CLIPS[:2], 5) == ([CLIPS[1], CLIPS[0]], [])


class List(list):
    metainfo = {'classes': ('a', 'b')}


def sample(number):
    data_sample = AVDataSample(metainfo={'video_path': f'videos/{number}.mp4'})
    data_sample.set_gt_label(number % 2)
    video = torch.full((1, 3, 2, 8, 8), number, dtype=torch.uint8)
    return {'inputs': {'video': video}, 'data_samples': data_sample}


class Classifier:
    hears = False

    def __call__(self, video, audio):
        return torch.tensor([[0.9, 0.1]])


def test_clips_are_evenly_spaced_and_counted(monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setattr('mmavssl.utils.progress.INTERVAL', 0)
    monkeypatch.setattr(tested_clips, 'open_test_list', lambda cfg: List(map(sample, range(9))))
    with redirect_stderr(Terminal()) as terminal:
        clips, classes = predict_clips(None, Classifier(), 3)
        assert terminal.getvalue() == ''
        predict_clips(None, Classifier(), 3, progress=True)
    assert [clip.name for clip in clips] == ['0.mp4', '3.mp4', '6.mp4']
    assert [clip.is_right for clip in clips] == [True, False, True]
    assert classes == ['a', 'b']
    assert '3/3' in terminal.getvalue()
