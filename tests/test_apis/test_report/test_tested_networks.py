import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmavssl.apis.report.tested_clips import TestedClip
from mmavssl.apis.report.tested_networks import TestedNetworks, load_networks
from mmavssl.registry import MODELS
from mmavssl.utils.errors import ConfigError
from tests.test_models.test_algorithms.toys import student_cfg

FRAMES = np.zeros((2, 8, 8, 3), np.uint8)


class Answers:
    hears = True

    def __init__(self, *answers):
        self.answers = [torch.tensor([answer]) for answer in answers]
        self.asked = []

    def __call__(self, video, audio):
        self.asked.append((video, audio))
        return self.answers[len(self.asked) - 1]


def test_all_see_each_clip_and_one_answers():
    student, teacher = Answers([0.75, 0.25], [0.5, 0.5]), Answers([0.25, 0.75], [1.0, 0.0])
    networks = TestedNetworks({'student': student, 'teacher': teacher}, 'teacher')
    clips = []
    for number in range(2):
        probs = networks(f'video {number}', f'sound {number}')[0].numpy()
        clips.append(TestedClip(f'{number}', number, probs, FRAMES))
    assert student.asked == teacher.asked == [('video 0', 'sound 0'), ('video 1', 'sound 1')]
    assert [clip.probs.tolist() for clip in clips] == [[0.25, 0.75], [1.0, 0.0]]
    seen = networks.seen_by(clips)
    assert list(seen) == ['student', 'teacher']
    assert [clip.probs.tolist() for clip in seen['student']] == [[0.75, 0.25], [0.5, 0.5]]
    assert [clip.name for clip in seen['student']] == ['0', '1']
    assert [clip.probs.tolist() for clip in seen['teacher']] == [[0.25, 0.75], [1.0, 0.0]]


@pytest.fixture
def save(tmp_path):
    """Return a function that saves a checkpoint of networks, and their config."""
    init_default_scope('mmavssl')
    cfg = Config({'model': {'student': student_cfg(audio=False)}})
    state = MODELS.build(cfg.model.student).state_dict()

    def write(*roles):
        tensors = {f'{role}.{name}': value for role in roles for name, value in state.items()}
        torch.save({'state_dict': tensors}, tmp_path / 'a.pth')
        return cfg, tmp_path / 'a.pth'

    return write


@pytest.mark.parametrize('roles', [('student',), ('student', 'teacher')])
def test_networks_of_a_checkpoint(save, roles):
    networks = load_networks(*save(*roles, 'mixer'))
    assert tuple(networks.classifiers) == roles
    assert networks.role == 'student'
    assert not networks.hears


def test_a_checkpoint_without_the_tested_network(save):
    cfg, checkpoint = save('student')
    cfg.model.test_with = 'teacher'
    with pytest.raises(ConfigError, match='no network `teacher`'):
        load_networks(cfg, checkpoint)
