import pytest
import torch

from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.source import SourceTensors
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts

STUDENT, TEACHER = NetworkFacts(num_heads=3), NetworkFacts(num_heads=4)


def whole():
    tensors = {f'{net}.backbone.x': torch.ones(1) for net in ('student', 'teacher')}
    return SourceTensors(
        tensors, {'student.backbone': STUDENT, 'teacher.backbone': TEACHER, '': UNKNOWN}
    )


def test_part_takes_its_facts_along():
    source = whole().part('teacher.backbone.')
    assert source == {'x': torch.ones(1)}
    assert source.networks == {'': TEACHER}
    assert whole().part('student.').networks == {'backbone': STUDENT}
    assert whole().part('').networks == whole().networks


def test_facts_of_file_tensors_and_user():
    source = whole()
    source.said = NetworkFacts(stride=10)
    assert source.facts('student.backbone') == NetworkFacts(num_heads=3, stride=10)
    assert source.facts('elsewhere', TEACHER) == NetworkFacts(num_heads=4, stride=10)


def test_user_and_file_disagree():
    source = whole()
    source.said = NetworkFacts(num_heads=4)
    assert source.facts('teacher.backbone') == TEACHER
    with pytest.raises(MisfitError, match='`source` has num_heads=4, but the file says 3'):
        source.facts('student.backbone')
