import copy
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch import nn

from mmavssl.engine.hooks import EMATeacherHook
from mmavssl.utils.errors import ConfigError


class Recorder(Hook):
    """Keep student and teacher as they are before training and after each iteration."""

    priority = 'VERY_LOW'

    def __init__(self):
        self.students, self.teachers = [], []

    def record(self, model):
        self.students.append(copy.deepcopy(model.student.state_dict()))
        self.teachers.append(copy.deepcopy(model.teacher.state_dict()))

    def before_train(self, runner):
        self.record(runner.model)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.record(runner.model)


def equal(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def slow_teacher(students, moved_at, momenta):
    """Move weights number by number; take buffers from the student."""
    teacher = students[0]
    for iteration, momentum in zip(moved_at, momenta, strict=True):
        student = students[iteration]
        teacher = {
            name: (
                (1 - momentum) * teacher[name] + momentum * student[name]
                if name.endswith(('weight', 'bias'))
                else student[name]
            )
            for name in teacher
        }
    return teacher


@pytest.mark.parametrize(
    ('accumulate', 'moved_at'), [(1, [1, 2, 3, 4, 5]), (2, [2, 4, 5]), (3, [3, 5])]
)
def test_teacher_moves_once_per_optimizer_step(build_runner, accumulate, moved_at):
    recorder = Recorder()
    hooks = [dict(type='EMATeacherHook', momentum=0.2), recorder]
    runner = build_runner(hooks, accumulate=accumulate)
    runner.train()

    # The teacher starts as the *initialized* student, not as its copy at construction.
    assert equal(recorder.teachers[0], recorder.students[0])
    for iteration in range(1, 6):
        stepped = not torch.equal(
            recorder.students[iteration]['1.weight'], recorder.students[iteration - 1]['1.weight']
        )
        assert stepped == (iteration in moved_at)
    assert runner.model.teacher_steps == len(moved_at)
    expected = slow_teacher(recorder.students, moved_at, [0.2] * len(moved_at))
    for name, tensor in runner.model.teacher.state_dict().items():
        torch.testing.assert_close(tensor, expected[name])


def test_warmup_averages_the_first_students(build_runner):
    recorder = Recorder()
    runner = build_runner([dict(type='EMATeacherHook', momentum=0.3, warmup=True), recorder])
    runner.train()
    momenta = [1 / 2, 1 / 3, 0.3, 0.3, 0.3]
    expected = slow_teacher(recorder.students, [1, 2, 3, 4, 5], momenta)
    for name, tensor in runner.model.teacher.state_dict().items():
        torch.testing.assert_close(tensor, expected[name])


def test_resumed_teacher_is_not_overwritten(build_runner):
    hooks = [
        dict(type='EMATeacherHook', momentum=0.05, warmup=True),
        dict(type='PlainCheckpointHook'),
    ]
    build_runner(hooks, epochs=1).train()
    recorder = Recorder()
    runner = build_runner([*hooks, recorder], epochs=2, resume=True)
    runner.train()
    assert not equal(recorder.teachers[0], recorder.students[0])
    assert runner.model.teacher_steps == 10
    momenta = [1 / (steps + 1) for steps in range(6, 11)]
    students = [recorder.teachers[0], *recorder.students[1:]]
    expected = slow_teacher(students, range(1, 6), momenta)
    for name, tensor in runner.model.teacher.state_dict().items():
        torch.testing.assert_close(tensor, expected[name])


def test_model_without_teacher(build_runner):
    class Plain(BaseModel):
        def __init__(self):
            super().__init__()
            self.student = nn.Linear(1, 1)

        def forward(self, **kwargs):
            return {}

    runner = build_runner([dict(type='EMATeacherHook')], model=Plain())
    with pytest.raises(ConfigError, match='Plain has no teacher, teacher_steps, sync_teacher'):
        runner.train()


@pytest.mark.parametrize('momentum', [0, -0.1, 1.5])
def test_momentum_out_of_range(momentum):
    with pytest.raises(ValueError, match='momentum'):
        EMATeacherHook(momentum=momentum)


def test_wrapped_model(build_runner):
    model = build_runner().model
    runner = SimpleNamespace(
        model=nn.DataParallel(model), optim_wrapper=SimpleNamespace(should_update=lambda: True)
    )
    hook = EMATeacherHook()
    hook.before_train(runner)
    hook.after_train_iter(runner, 0)
    assert model.teacher_steps == 1


def test_teacher_moves_each_iteration_on_demand(build_runner):
    """As in SVFormer's code: also where the student did not move."""
    recorder = Recorder()
    hooks = [dict(type='EMATeacherHook', momentum=0.2, every='iteration'), recorder]
    runner = build_runner(hooks, accumulate=3)
    runner.train()
    assert runner.model.teacher_steps == 5
    expected = slow_teacher(recorder.students, [1, 2, 3, 4, 5], [0.2] * 5)
    for name, tensor in runner.model.teacher.state_dict().items():
        torch.testing.assert_close(tensor, expected[name])
    with pytest.raises(ValueError, match=r"`every` .* got 'epoch'"):
        EMATeacherHook(every='epoch')
