"""Who moves and who does not: student, teacher and localizer."""

import copy

import torch
from mmengine.logging import MessageHub

from mmavssl.engine.optimizers import StudentOptimWrapperConstructor
from tests.test_models.test_algorithms.test_semi_supervised.toys import ToyLocalizer, build
from tests.test_models.test_algorithms.toys import batch


def test_teacher_and_localizer_stay_frozen_through_training_steps() -> None:
    model = build()
    teacher = copy.deepcopy(model.teacher.state_dict())
    localizer = copy.deepcopy(model.mixer.masker.localizer.state_dict())
    optimizer = torch.optim.SGD(model.student.parameters(), lr=0.1)
    for _ in range(3):
        losses = model.train().loss(*batch())
        model.parse_losses(losses)[0].backward()
        optimizer.step()
    assert not model.teacher.training
    assert not model.mixer.masker.localizer.training
    assert all(p.grad is None for p in model.teacher.parameters())
    assert all(p.grad is None for p in model.mixer.masker.localizer.parameters())
    for before, module in ((teacher, model.teacher), (localizer, model.mixer.masker.localizer)):
        for name, value in module.state_dict().items():
            assert torch.equal(before[name], value), name
    assert not all(
        torch.equal(teacher[name], value) for name, value in model.student.state_dict().items()
    )


def test_update_teacher_is_the_exponential_moving_average() -> None:
    model = build()
    before = [p.clone() for p in model.teacher.parameters()]
    with torch.no_grad():
        for p in model.student.parameters():
            p.add_(1.0)
    model.update_teacher(momentum=0.25)
    for old, teacher, student in zip(
        before, model.teacher.parameters(), model.student.parameters(), strict=True
    ):
        torch.testing.assert_close(teacher.data, 0.75 * old + 0.25 * student)
    assert model.teacher_steps == 1


def test_localizer_is_not_in_the_moving_average() -> None:
    model = build()
    localizer = model.mixer.masker.localizer
    before = copy.deepcopy(localizer.state_dict())
    assert set(model.teacher.state_dict()) == set(model.student.state_dict())
    assert not [m for m in model.teacher.modules() if isinstance(m, ToyLocalizer)]
    shared = {id(p) for p in model.teacher.parameters()} & {id(p) for p in localizer.parameters()}
    assert not shared
    with torch.no_grad():
        for p in model.student.parameters():
            p.add_(1.0)
    model.update_teacher(momentum=0.25)
    model.sync_teacher()
    for name, value in localizer.state_dict().items():
        assert torch.equal(before[name], value), name


def test_warmup_is_supervised_and_keeps_the_teacher_equal() -> None:
    model = build(warmup_epochs=2)
    hub = MessageHub.get_current_instance()
    hub.update_info('epoch', 1)
    assert set(model.loss(*batch())) == {'loss_sup'}
    with torch.no_grad():
        model.student.head.fc.bias.add_(1.0)
    model.update_teacher(momentum=0.01)
    assert torch.equal(model.teacher.head.fc.bias, model.student.head.fc.bias)
    hub.update_info('epoch', 2)
    assert 'loss_mix' in model.loss(*batch())


def test_init_weights_makes_the_teacher_a_copy_of_the_initialized_student() -> None:
    model = build()
    with torch.no_grad():
        for p in model.student.parameters():
            p.add_(1.0)
    model.init_weights()
    for name, value in model.teacher.state_dict().items():
        assert torch.equal(value, model.student.state_dict()[name]), name


def test_optimizer_gets_the_student_and_nothing_else() -> None:
    model = build()
    constructor = StudentOptimWrapperConstructor(
        {'type': 'OptimWrapper', 'optimizer': {'type': 'SGD', 'lr': 0.1}}
    )
    groups = constructor(model).optimizer.param_groups
    optimized = {id(p) for group in groups for p in group['params']}
    assert optimized == {id(p) for p in model.student.parameters()}


def test_checkpoint_has_no_localizer_and_loads_without_it() -> None:
    model = build()
    state = model.state_dict()
    assert not [name for name in state if 'localizer' in name]
    assert build().load_state_dict(state).missing_keys == []
