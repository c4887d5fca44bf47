"""The training step: which losses there are, and which gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmavssl.models.algorithms.forward_views import forward_views
from mmavssl.models.thresholds import FreeThreshold
from tests.test_models.test_algorithms.test_semi_supervised.toys import build, grad_norm
from tests.test_models.test_algorithms.toys import NUM_CLASSES, NUM_LABELED, NUM_UNLABELED, batch


@pytest.mark.parametrize(
    ('method', 'names'),
    [
        ('svformer', {'loss_sup', 'loss_unsup', 'loss_mix'}),
        ('svformer_flex', {'loss_sup', 'loss_unsup', 'loss_mix'}),
        ('asl_mix', {'loss_sup', 'loss_unsup', 'loss_mix', 'loss_contrast'}),
    ],
)
def test_each_method_has_its_losses_and_every_loss_moves_the_student(
    method: str, names: set[str]
) -> None:
    model = build(method)
    if method == 'svformer':
        model.threshold.threshold = 0.0  # an untrained teacher is confident of nothing
    losses = model.loss(*batch(audio=method == 'asl_mix'))
    assert {name for name in losses if 'loss' in name} == names
    for name in names:
        model.zero_grad()
        losses[name].backward(retain_graph=True)
        gradients = [p.grad for p in model.student.parameters() if p.grad is not None]
        assert sum(g.abs().sum() for g in gradients) > 0, name
    assert 0 <= losses['pass_rate'] <= 1
    assert 0 < losses['mix_ratio'] < 1


def test_every_loss_has_a_gradient_in_the_parts_that_it_is_about() -> None:
    """Classification: in all of the student; contrast: in both encoders alone, up to z_v, z_a."""
    model = build()
    inputs, samples = batch()
    for view in (inputs['labeled']['weak'], inputs['unlabeled']['strong']):
        for name, tensor in view.items():
            view[name] = tensor.requires_grad_()
    losses = model.loss(inputs, samples)
    encoders, deciders = {'backbone', 'audio_backbone'}, {'fusion', 'head'}
    everything = encoders | deciders
    labeled, unlabeled = inputs['labeled']['weak'], inputs['unlabeled']['strong']
    expected = {
        'loss_sup': (everything, [labeled]),
        'loss_unsup': (everything, [unlabeled]),
        'loss_mix': (everything, [unlabeled]),
        'loss_contrast': (encoders, [labeled, unlabeled]),
    }
    for name, (parts, views) in expected.items():
        model.zero_grad()
        for view in (labeled, unlabeled):
            for tensor in view.values():
                tensor.grad = None
        losses[name].backward(retain_graph=True)
        moved = {part for part in everything if grad_norm(getattr(model.student, part)) > 0}
        assert moved == parts, name
        for view in (labeled, unlabeled):
            for tensor in view.values():
                reached = tensor.grad is not None and bool(tensor.grad.abs().sum() > 0)
                assert reached == any(view is other for other in views), name
        assert grad_norm(model.teacher) == grad_norm(model.mixer) == 0


@pytest.mark.parametrize('label', [NUM_CLASSES, -1])
def test_label_out_of_range_is_an_error(label: int) -> None:
    model = build()
    inputs, samples = batch()
    samples['labeled'][0].set_gt_label(label)
    with pytest.raises(IndexError, match=f'Target {label} is out of bounds'):
        model.loss(inputs, samples)


def test_eq01_and_eq19_total_is_the_weighted_sum_of_slow_losses() -> None:
    weights = {'unsup': 3.0, 'mix': 0.5, 'contrast': 0.7}
    model = build(loss_weights=weights)
    inputs, samples = batch()
    torch.manual_seed(3)
    losses = model.loss(inputs, samples)

    torch.manual_seed(3)
    partner = torch.randperm(NUM_UNLABELED)
    strong, weak, labeled = (
        inputs['unlabeled']['strong'], inputs['unlabeled']['weak'], inputs['labeled']['weak'],
    )  # fmt: skip
    frames = model.data_preprocessor.unnormalize(strong['video']).transpose(1, 2)
    mixed = model.mixer(strong['video'], strong['audio'], partner, frames, strong['audio'])
    with torch.no_grad():
        probs = model.teacher(weak['video'], weak['audio']).logits.softmax(-1)
    outputs = [model.student(view['video'], view['audio']) for view in (labeled, strong)]
    outputs.append(model.student(mixed.video, mixed.audio))

    sup = (
        sum(-F.log_softmax(outputs[0].logits[i], dim=-1)[i] for i in range(NUM_LABELED))
        / NUM_LABELED
    )
    pseudo = model.threshold(probs, torch.arange(5, 5 + NUM_UNLABELED))
    unsup = 0.0
    for i in range(NUM_UNLABELED):
        label = int(probs[i].argmax())
        unsup -= pseudo.weight[i] * F.log_softmax(outputs[1].logits[i], -1)[label] / NUM_UNLABELED
    mix = model.mix_loss(outputs[2].logits, probs, pseudo, partner, mixed.ratio)
    contrast = model.contrast(
        torch.cat([o.video_feat for o in outputs]), torch.cat([o.audio_feat for o in outputs])
    )
    torch.testing.assert_close(losses['loss_sup'], sup)
    torch.testing.assert_close(losses['loss_unsup'], weights['unsup'] * unsup)
    torch.testing.assert_close(losses['loss_mix'], weights['mix'] * mix)
    torch.testing.assert_close(losses['loss_contrast'], weights['contrast'] * contrast)
    total, _ = model.parse_losses(losses)
    expected = sup + weights['unsup'] * unsup + weights['mix'] * mix
    torch.testing.assert_close(total, expected + weights['contrast'] * contrast)


def test_one_batched_student_forward_equals_separate_ones() -> None:
    model = build().eval()
    views = [batch()[0]['labeled']['weak'], batch()[0]['unlabeled']['strong']]
    together = forward_views(model.student, views)
    for view, output in zip(views, together, strict=True):
        alone = model.student(view['video'], view['audio'])
        for one, other in zip(alone, output, strict=True):
            torch.testing.assert_close(one, other)


def test_threshold_that_updates_first_does_so_once_and_adds_its_own_loss() -> None:
    cfg = {'type': 'FreeThreshold', 'decay': 0.5, 'fairness_weight': 0.1}
    model, inputs_and_samples = build('svformer', threshold=cfg), batch(audio=False)
    unlabeled = inputs_and_samples[0]['unlabeled']
    nn.init.normal_(model.student.head.fc.weight)  # so that not all are of one class
    model.sync_teacher()
    with torch.no_grad():
        probs = model.teacher(unlabeled['weak']['video'], None).logits.softmax(dim=-1)
        strong = model.student(unlabeled['strong']['video'], None).logits
    alone = FreeThreshold(decay=0.5, fairness_weight=0.1)
    alone.setup(num_samples=20, num_classes=NUM_CLASSES)
    alone.update(probs)
    pseudo = alone(probs)
    assert pseudo.weight.sum() > 0

    losses = model.loss(*inputs_and_samples)
    torch.testing.assert_close(model.threshold.state_dict(), alone.state_dict())
    assert model.pending_threshold_update is None
    assert losses['pass_rate'] == pseudo.weight.mean()
    torch.testing.assert_close(
        losses['loss_threshold'].detach(), alone.aux_loss(strong, pseudo.weight)
    )
    losses['loss_threshold'].backward()
    assert grad_norm(model.student) > 0


def test_pseudo_label_accuracy_counts_right_labels_among_those_that_pass() -> None:
    model = build()
    inputs, samples = batch()
    probs = model._teacher_probs(inputs['unlabeled']['weak'])
    for sample, label in zip(samples['unlabeled'], probs.argmax(-1).tolist(), strict=True):
        sample.set_metainfo({'gt_for_log': label})
    assert model.loss(inputs, samples)['pseudo_label_acc'] == 100.0
    for sample in samples['unlabeled']:
        sample.set_metainfo({'gt_for_log': -1})
    assert 'pseudo_label_acc' not in model.loss(inputs, samples)
