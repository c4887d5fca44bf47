import json

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.logging import MessageHub, MMLogger

from mmavssl.evaluation.metrics import MultiViewAccuracy
from mmavssl.registry import METRICS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import DataError

CLASSES = ('clap', 'dance', 'play guitar')
LABELS = [0, 0, 1, 1, 1]
STUDENT = [[0.6, 0.3, 0.1], [0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]]
TEACHER = [[0.6, 0.3, 0.1], [0.6, 0.1, 0.3], [0.2, 0.5, 0.3], [0.3, 0.4, 0.3], [0.1, 0.7, 0.2]]


def make_samples(**scores):
    samples = []
    for index, label in enumerate(LABELS):
        sample = AVDataSample(metainfo={'video_path': f'{index}.mp4'}).set_gt_label(label)
        for name, rows in scores.items():
            sample.set_pred_score(torch.tensor(rows[index]), name)
        samples.append(sample)
    return samples


def evaluate(metric, samples, batch=2):
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = {'classes': CLASSES}
    for start in range(0, len(samples), batch):
        evaluator.process(samples[start : start + batch])
    return evaluator.evaluate(len(samples))


def test_both_networks_at_once():
    metric = METRICS.build(dict(type='MultiViewAccuracy', topk=(1, 2)))
    samples = make_samples(pred_score=STUDENT, student_score=STUDENT, teacher_score=TEACHER)
    result = evaluate(metric, samples)
    assert result == pytest.approx(
        {
            'student/top1': 60.0,
            'student/top2': 80.0,
            'student/mean_class_accuracy': (50.0 + 200 / 3) / 2,
            'teacher/top1': 100.0,
            'teacher/top2': 100.0,
            'teacher/mean_class_accuracy': 100.0,
        }
    )
    assert all(type(value) is float for value in result.values())


def test_one_network_and_prefix():
    samples = make_samples(pred_score=STUDENT)
    assert evaluate(MultiViewAccuracy(prefix='test'), samples).keys() == {
        'test/pred/top1',
        'test/pred/top5',
        'test/pred/mean_class_accuracy',
    }
    samples = make_samples(student_score=STUDENT, teacher_score=TEACHER)
    result = evaluate(MultiViewAccuracy(scores=('teacher_score',)), samples)
    assert set(result) == {'teacher/top1', 'teacher/top5', 'teacher/mean_class_accuracy'}


def test_fewer_classes_than_k():
    result = evaluate(MultiViewAccuracy(topk=(3, 5)), make_samples(student_score=STUDENT))
    assert result['student/top3'] == result['student/top5'] == 100.0


def test_results_are_small_and_start_anew():
    metric = MultiViewAccuracy()
    metric.process(None, [sample.to_dict() for sample in make_samples(student_score=STUDENT)])
    assert metric.results[1] == (0, 3, {'student': (2, 1)})
    samples = make_samples(student_score=STUDENT)
    metric.results.clear()
    assert evaluate(metric, samples) == evaluate(metric, samples)


def test_table_of_classes(tmp_path):
    log = tmp_path / 'log.txt'
    MMLogger.get_instance('run', log_file=str(log))
    samples = make_samples(student_score=STUDENT, teacher_score=TEACHER)
    evaluate(MultiViewAccuracy(), samples)
    lines = log.read_text().splitlines()
    assert lines[-4].split() == ['class', 'videos', 'student', 'teacher']
    assert lines[-3].split() == ['clap', '2', '50.00', '100.00']
    assert lines[-2].split() == ['dance', '3', '66.67', '100.00']
    assert lines[-1].split() == ['play', 'guitar', '0', '-', '-']


def test_leaves_what_two_networks_have_in_common():
    hub = MessageHub.get_current_instance()
    samples = make_samples(student_score=STUDENT, teacher_score=TEACHER)
    evaluate(MultiViewAccuracy(), samples)
    assert hub.get_info('agreement')._asdict() == {
        'both_right': 3, 'only_first': 0, 'only_second': 2, 'same_mistake': 0, 'other_mistakes': 0,
    }  # fmt: skip
    evaluate(MultiViewAccuracy(scores=['student_score']), samples)
    assert hub.get_info('agreement') is None


def test_dump(tmp_path):
    path = tmp_path / 'new' / 'accuracy.json'
    result = evaluate(
        MultiViewAccuracy(dump=str(path), per_class=False), make_samples(student_score=STUDENT)
    )
    content = json.loads(path.read_text())
    assert content['metrics'] == result
    assert content['classes'] == list(CLASSES)
    student = content['networks']['student']
    assert student['class_accuracy'] == [50.0, pytest.approx(200 / 3), None]
    assert student['confusion'] == [[1, 1, 0, 0], [0, 2, 1, 0], [0, 0, 0, 0]]


def test_errors():
    metric = MultiViewAccuracy(scores=('teacher_score',))
    with pytest.raises(DataError, match=r'0.mp4 has no teacher_score'):
        metric.process(None, [s.to_dict() for s in make_samples(student_score=STUDENT)])
    unlabeled = AVDataSample(metainfo={'video_path': 'x.mp4'})
    unlabeled.set_pred_score(torch.ones(3))
    with pytest.raises(DataError, match=r'x.mp4 has no gt_label'):
        MultiViewAccuracy().process(None, [unlabeled.to_dict()])
    unlabeled.set_gt_label(3)
    with pytest.raises(DataError, match=r'label of x.mp4 to be in \[0, 3\), but got 3'):
        MultiViewAccuracy().process(None, [unlabeled.to_dict()])
    with pytest.raises(DataError, match='empty'):
        MultiViewAccuracy().evaluate(0)
    with pytest.raises(ValueError, match='topk'):
        MultiViewAccuracy(topk=(0, 5))
