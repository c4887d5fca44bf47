import pytest
import torch

from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.layouts import is_recognizer, recognizer_layout
from mmavssl.models.utils.report import Report

NAMES = [
    f'{network}.{part}.{name}'
    for network in ('student', 'teacher')
    for part, name in (
        ('backbone', 'x'), ('audio_backbone', 'x'), ('fusion', 'y'), ('head', 'fc.weight'),
    )
]  # fmt: skip
STATE = {name: torch.tensor([i]) for i, name in enumerate([*NAMES, 'teacher_steps'])}


def test_what_is_a_recognizer():
    assert is_recognizer(NAMES)
    assert is_recognizer(['audio_backbone.x'])
    assert not is_recognizer(['blocks.0.x', 'head.weight', 'model.backbone.x'])


@pytest.mark.parametrize('network', ['student', 'teacher'])
@pytest.mark.parametrize('part', ['backbone', 'audio_backbone'])
def test_one_backbone(network, part):
    state, rest = recognizer_layout(STATE, part, network).to_ours(STATE, Report())
    assert state == {'x': STATE[f'{network}.{part}.x']}
    assert len(rest) == len(STATE) - 1


def test_backbone_with_its_head_and_back():
    layout, report = recognizer_layout(STATE, 'backbone', with_head=True), Report()
    state, _ = layout.to_ours(STATE, report)
    expected = {'x': 'student.backbone.x', 'head.weight': 'student.head.fc.weight'}
    assert state == {ours: STATE[name] for ours, name in expected.items()}
    assert [group for _, group in report.dropped] == [
        'student.audio_backbone.*', 'student.fusion.*', *['teacher.*'] * 4, 'teacher_steps',
    ]  # fmt: skip
    back = recognizer_layout((), 'backbone', with_head=True).to_official(state, Report())
    assert back == {name: STATE[name] for name in expected.values()}


def test_recognizer_alone():
    alone = {'backbone.x': torch.ones(1), 'head.fc.bias': torch.zeros(1)}
    state, _ = recognizer_layout(alone, 'backbone', with_head=True).to_ours(alone, Report())
    assert set(state) == {'x', 'head.bias'}


def test_what_is_not_there():
    with pytest.raises(MisfitError, match='it is a recognizer without `audio_backbone`'):
        recognizer_layout(['backbone.x'], 'audio_backbone')
    with pytest.raises(MisfitError, match='it has a student and no teacher'):
        recognizer_layout(['student.backbone.x'], 'backbone', 'teacher')
