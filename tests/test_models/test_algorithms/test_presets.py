"""What the presets of the FixMatch family compute, against each method's definition."""

import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.algorithms import SemiSupervisedRecognizer
from tests.test_models.test_algorithms.toys import NUM_CLASSES, batch, preset, student_cfg

PRESETS = (
    'fixmatch', 'flexmatch', 'freematch', 'softmatch', 'uda', 'pseudo_label', 'mean_teacher',
)  # fmt: skip


def build(method, **changes):
    """Build the algorithm of a shipped config with toy networks."""
    torch.manual_seed(0)
    cfg = preset(method).model.to_dict()
    del cfg['type'], cfg['data_preprocessor']
    cfg.update(student=student_cfg(audio=True), warmup_epochs=0)
    cfg['threshold'].update(changes)
    model = SemiSupervisedRecognizer(**cfg)
    with torch.no_grad():
        model.student.head.fc.weight.mul_(10)  # so that predictions differ
    model.threshold.setup(num_samples=20, num_classes=NUM_CLASSES)
    model.sync_teacher()
    return model.train()


@pytest.mark.parametrize('method', PRESETS)
def test_unlabeled_clips_move_the_student(method):
    model = build(
        method, **{'threshold': 0.0} if method in ('fixmatch', 'uda', 'pseudo_label') else {}
    )
    losses = model.loss(*batch())
    assert 'loss_mix' not in losses
    assert 'loss_contrast' not in losses
    losses['loss_unsup'].backward()
    moved = sum(p.grad.abs().sum() for p in model.student.parameters() if p.grad is not None)
    assert moved > 0


def logits_of(model, view, network='student'):
    return getattr(model, network)(view['video'], view['audio']).logits


def test_fixmatch_labels_the_strong_view_by_the_weak_one():
    model = build('fixmatch')
    inputs, samples = batch()
    weak = logits_of(model, inputs['unlabeled']['weak']).softmax(dim=-1).detach()
    model.threshold.threshold = float(weak.max(dim=-1).values.mean())
    passed = weak.max(dim=-1).values >= model.threshold.threshold
    losses = model.loss(inputs, samples)
    assert 0 < passed.sum() < len(passed)
    terms = F.cross_entropy(
        logits_of(model, inputs['unlabeled']['strong']), weak.argmax(dim=-1), reduction='none'
    )
    torch.testing.assert_close(losses['loss_unsup'], (passed * terms).mean())


def test_uda_sharpens():
    model = build('uda', threshold=0.4)
    inputs, samples = batch()
    losses = model.loss(inputs, samples)
    weak = logits_of(model, inputs['unlabeled']['weak']).double()
    target = (weak / 0.4).softmax(dim=-1)  # of logits, the same as powers of probabilities
    strong = logits_of(model, inputs['unlabeled']['strong']).double().log_softmax(dim=-1)
    passed = weak.softmax(dim=-1).max(dim=-1).values >= 0.4
    expected = (passed * -(target * strong).sum(dim=-1)).mean()
    assert float(losses['loss_unsup'].detach()) == pytest.approx(
        float(expected.detach()), rel=1e-5
    )


def test_pseudo_label_learns_from_the_view_that_it_labels():
    model = build('pseudo_label', threshold=0.0)
    inputs, samples = batch()
    losses = model.loss(inputs, samples)
    weak = logits_of(model, inputs['unlabeled']['weak'])
    torch.testing.assert_close(losses['loss_unsup'], F.cross_entropy(weak, weak.argmax(dim=-1)))


def test_mean_teacher_has_a_gradient_and_all_clips_count():
    """In a well-known toolbox this loss compares the teacher with itself, and is 0."""
    model = build('mean_teacher')
    with torch.no_grad():
        model.teacher.head.fc.weight.add_(1.0)
    inputs, samples = batch()
    losses = model.loss(inputs, samples)
    teacher = logits_of(model, inputs['unlabeled']['weak'], 'teacher').softmax(dim=-1)
    student = logits_of(model, inputs['unlabeled']['strong']).softmax(dim=-1)
    torch.testing.assert_close(losses['loss_unsup'], 50 * F.mse_loss(student, teacher))
    assert losses['loss_unsup'] > 0
    assert losses['pass_rate'] == 1


def test_mean_teacher_sees_two_weak_views():
    cfg = preset('mean_teacher')
    views = cfg.train_dataloader.dataset.unlabeled.pipeline[1]
    assert views.weak == views.strong
    assert 'RandAugment' not in str(views)


def test_unknown_view():
    with pytest.raises(ValueError, match=r"`student_view` to be one of .*'medium'"):
        SemiSupervisedRecognizer(
            student_cfg(audio=False), dict(type='FixedThreshold'), student_view='medium'
        )
