import numpy as np

from mmavssl.apis.report.tested_clips import TestedClip, confusion_of, examples

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
