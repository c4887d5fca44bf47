"""tools/test.py: what it tests must fit and exist."""

from pathlib import Path

import pytest
import torch


@pytest.mark.parametrize('needs_values', [False, True])
def test_tested_checkpoint_must_fit_and_exist(tools, toy, monkeypatch, needs_values):
    """It is compared before there is a log or a folder, unless the model needs values."""
    line = tools.error('test', 'toy.py', 'nowhere.pth')
    assert line.startswith('nowhere.pth does not exist.')
    state = {'layer.weight': torch.zeros(2, 3), 'layer.bias': torch.zeros(2)}
    torch.save({'state_dict': state, 'meta': {}}, 'wide.pth')
    if needs_values:
        monkeypatch.setattr('mmavssl.utils.build_runner.model_shapes', lambda cfg: None)
    say = tools.last_line if needs_values else tools.only_says
    for weights, message in (
        (['wide.pth'], 'layer.weight is (2, 3) instead of (1, 3)'),
        ([], 'The model has 2 tensors to load, such as layer.weight.'),
    ):
        assert message in say('test', 'toy.py', *weights, '--work-dir', 'run')
        assert Path('run').exists() == needs_values


def test_teacher_of_a_model_without_one(tools, toy):
    line = tools.error('test', 'toy.py', 'any.pth', '--use', 'teacher')
    assert line == '--use teacher: ToyModel has no teacher. Leave --use out.'
