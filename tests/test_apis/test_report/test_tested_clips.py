from collections import Counter
from contextlib import redirect_stderr

import numpy as np
import torch

from mmavssl.apis.report import tested_clips
from mmavssl.apis.report.tested_clips import (
    TestedClip,
    choose_clips,
    confusion_of,
    examples,
    predict_clips,
)
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


def test_what_is_no_number_is_no_class():
    broken = clip(0, float('nan'), float('nan'))
    assert broken.predicted == 2
    assert not broken.is_right
    assert confusion_of([*CLIPS, broken]).tolist() == [[2, 1, 1], [1, 0, 0]]
    assert examples([broken, *CLIPS[:2]], 5) == ([CLIPS[1], CLIPS[0]], [])


class List(list):
    metainfo = {'classes': ('a', 'b')}

    def get_data_info(self, index):
        return {'label': index % 2}


def sample(number):
    data_sample = AVDataSample(metainfo={'video_path': f'videos/{number}.mp4'})
    data_sample.set_gt_label(number % 2)
    video = torch.full((1, 3, 2, 8, 8), number, dtype=torch.uint8)
    return {'inputs': {'video': video}, 'data_samples': data_sample}


class Classifier:
    hears = False

    def __call__(self, video, audio):
        return torch.tensor([[0.9, 0.1]])


def test_classes_have_equal_shares():
    """Lists are often in an order of classes, by which every n-th clip is of one alone."""
    labels = [0, 1, 2, 3, 4, 5, 6, 7] * 30  # as AVSprites has them
    for count in (8, 30, 200):
        chosen = choose_clips(labels, count)
        assert chosen == sorted(set(chosen))
        shares = Counter(labels[place] for place in chosen)
        assert sum(shares.values()) == count
        assert set(shares.values()) <= {count // 8, -(-count // 8)}
    assert choose_clips(labels, 30) == choose_clips(labels, 30)
    assert choose_clips(labels, 900) == list(range(240))


def test_small_classes_are_whole():
    labels = [0] * 90 + [1] * 3 + [2] * 7
    shares = Counter(labels[place] for place in choose_clips(labels, 30))
    assert shares == {0: 20, 1: 3, 2: 7}
    first = [place for place in choose_clips(labels, 30) if place < 90]
    assert first != list(range(20))
    assert max(first) > 60  # from anywhere in the list


def test_clips_of_each_class_are_counted(monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setattr('mmavssl.utils.progress.INTERVAL', 0)
    monkeypatch.setattr(tested_clips, 'open_test_list', lambda cfg: List(map(sample, range(9))))
    with redirect_stderr(Terminal()) as terminal:
        clips, classes = predict_clips(None, Classifier(), 4)
        assert terminal.getvalue() == ''
        predict_clips(None, Classifier(), 4, progress=True)
    numbers = [int(clip.name.partition('.')[0]) for clip in clips]
    assert sorted(number % 2 for number in numbers) == [0, 0, 1, 1]
    assert [clip.is_right for clip in clips] == [number % 2 == 0 for number in numbers]
    assert classes == ['a', 'b']
    assert '4/4' in terminal.getvalue()
