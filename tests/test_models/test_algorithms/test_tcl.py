"""TCL: what each part of its training computes, and through which views gradients flow."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub

from mmavssl.models.algorithms import TCLRecognizer
from mmavssl.models.losses import GroupContrastiveLoss, InstanceContrastiveLoss
from mmavssl.models.thresholds.observe import observe
from mmavssl.utils.errors import ConfigError
from tests.test_models.test_algorithms.toys import batch, student_cfg


@pytest.fixture
def at_epoch():
    return partial(MessageHub.get_current_instance().update_info, 'epoch')


def build(threshold=None, **kwargs):
    torch.manual_seed(0)
    model = TCLRecognizer(
        kwargs.pop('student', None) or student_cfg(audio=False),
        threshold or dict(type='FixedThreshold', threshold=0.0),
        **{'warmup_epochs': 1, 'finetune_epoch': 3, **kwargs},
    )
    return model.train()


def two_rates():
    inputs, samples = batch(audio=False)
    fast = inputs['unlabeled']['weak']['video']
    inputs['unlabeled'] = {'weak': {'video': fast}, 'slow': {'video': fast[:, :, ::2].clone()}}
    return inputs, samples


def test_parts_of_training_have_their_losses(at_epoch):
    model = build()
    parts = {
        0: {'loss_sup'},
        1: {'loss_sup', 'loss_instance', 'loss_group'},
        2: {'loss_sup', 'loss_instance', 'loss_group'},
        3: {'loss_sup', 'loss_pseudo', 'pass_rate', 'pseudo_label_acc'},
    }
    for epoch, names in parts.items():
        at_epoch(epoch)
        assert set(model.loss(*two_rates())) == names


def test_contrast_is_of_both_rates_and_moves_through_the_slow_one(at_epoch):
    at_epoch(1)
    model = build(loss_weights=dict(instance=3.0, group=2.0))
    inputs, samples = two_rates()
    views = inputs['unlabeled']
    for view in views.values():
        view['video'].requires_grad_()
    losses = model.loss(inputs, samples)
    probs = [model.student(view['video']).logits.softmax(dim=-1) for view in views.values()]
    torch.testing.assert_close(losses['loss_instance'], 3 * InstanceContrastiveLoss()(*probs))
    torch.testing.assert_close(losses['loss_group'], 2 * GroupContrastiveLoss()(*probs))
    losses['loss_instance'].backward()
    assert views['weak']['video'].grad is None
    assert views['slow']['video'].grad.abs().sum() > 0


def test_fast_rate_has_dropout_and_no_gradient(at_epoch):
    """As in the released code: the network that is trained predicts it, in training mode."""
    at_epoch(1)
    student = student_cfg(audio=False)
    student['head']['dropout'] = 0.5
    model = build(student=student)
    inputs, samples = two_rates()
    seen = []
    hook = model.student.register_forward_hook(lambda _, args, out: seen.append((args[0], out)))
    model.loss(inputs, samples)
    hook.remove()
    fast = inputs['unlabeled']['weak']['video']
    [logits] = [out.logits for video, out in seen if torch.equal(video, fast)]
    assert not logits.requires_grad
    assert model.training
    difference = logits - model.eval().student(fast).logits
    assert difference.abs().amax(dim=1).min() > 1e-3


def test_last_part_trusts_the_weak_view_itself(at_epoch):
    at_epoch(3)
    model = build(loss_weights=dict(pseudo=0.5))
    inputs, samples = two_rates()
    losses = model.loss(inputs, samples)
    logits = model.student(inputs['unlabeled']['weak']['video']).logits
    expected = 0.5 * F.cross_entropy(logits, logits.argmax(dim=-1))
    torch.testing.assert_close(losses['loss_pseudo'], expected)
    assert losses['loss_pseudo'].requires_grad


def test_last_part_has_the_loss_of_its_threshold(at_epoch):
    at_epoch(3)
    model = build(dict(type='FreeThreshold', fairness_weight=0.5))
    inputs, samples = two_rates()
    model.threshold.setup(len(samples['unlabeled']), model.student.head.num_classes)
    before = copy.deepcopy(model.threshold)
    losses = model.loss(inputs, samples)
    logits = model.student(inputs['unlabeled']['weak']['video']).logits
    observe(before, logits.detach().softmax(dim=-1), torch.arange(len(logits)))
    weight = before(logits.detach().softmax(dim=-1), torch.arange(len(logits))).weight
    torch.testing.assert_close(losses['loss_threshold'], before.aux_loss(logits, weight))
    assert losses['loss_threshold'].requires_grad


def test_without_a_last_part(at_epoch):
    at_epoch(1000)
    assert 'loss_instance' in build(finetune_epoch=None).loss(*two_rates())


def test_errors(at_epoch):
    with pytest.raises(ConfigError, match=r'gives strong, weak.*MultiView'):
        build().loss(*batch(audio=False))
    with pytest.raises(ConfigError, match='`finetune_epoch` to be at least `warmup_epochs`=9'):
        build(warmup_epochs=9)
    with pytest.raises(ValueError, match=r"among \['group', 'instance', 'pseudo'\].*\['mix'\]"):
        build(loss_weights=dict(mix=1.0))
