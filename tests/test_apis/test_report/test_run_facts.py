import pytest
from mmengine.config import Config

from mmavssl.apis.report.run_facts import picture_title, results, settings, time_and_memory


def test_settings_name_the_parts_of_a_method():
    facts = settings(Config.fromfile('configs/asl_mix/ucf51_1shot.py'))
    assert facts['method'].startswith('SemiSupervisedRecognizer(')
    assert facts['masker'] == 'ASLGuided'
    assert facts['localizer'].startswith('FNACLocalizer')
    assert facts['confidence threshold'].startswith('FlexThreshold')
    assert facts['labeled clips'].endswith('labeled.csv')
    assert facts['seed'] == '0'


def test_a_method_without_these_parts_leaves_them_out():
    facts = settings(Config.fromfile('configs/supervised/ucf51_1shot.py'))
    assert 'masker' not in facts
    assert 'unlabeled clips' not in facts


@pytest.mark.parametrize(
    ('stem', 'title'),
    [
        ('mixed_100', 'Mixed clips, iteration 100'),
        ('classes_20', 'Classes, iteration 20'),
        ('confusion_teacher_20', 'Confusion of the teacher, iteration 20'),
        ('student_teacher_20', 'Student and teacher, iteration 20'),
        ('of_another_hook_1', 'Of another hook, iteration 1'),
    ],
)
def test_titles_of_pictures(stem, title):
    assert picture_title(stem) == title


def test_results_and_time():
    scalars = {
        'student/top1': ([10, 20, 30], [40.0, 60.0, 50.0]),
        'time': ([10, 20, 30], [1.0, 2.0, 3.0]),
        'data_time': ([10, 20, 30], [0.5, 0.5, 0.5]),
        'memory': ([10, 20, 30], [100, 300, 200]),
    }
    assert results(scalars) == [('student/top1', '50.0', '60.0')]
    assert time_and_memory(scalars) == {
        'iterations': '30',
        'seconds of an iteration': '2.00',
        'training': '60 s',
        'of it waiting for clips': '25 %',
        'memory of the GPU': '300 MB',
    }
