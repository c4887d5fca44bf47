"""LTG's training step: which losses, of which clips, for which network."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub

from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError
from tests.small_methods import (
    CLIP,
    LTG,
    NUM_CLASSES,
    NUM_LABELED,
    NUM_UNLABELED,
    batch,
    build,
    grad_norm,
    tensors_of,
)

LOSSES = {'loss_sup', 'loss_unsup', 'loss_align', 'loss_contrast'}
NETS = ('rgb', 'gradient')
PARTS = {f'{net}.{part}' for net in NETS for part in ('backbone', 'head')}
PROJECTIONS = {f'{net}_projection' for net in NETS}


def test_every_loss_has_a_gradient_in_the_parts_and_clips_that_it_is_about():
    model, (inputs, samples) = build('ltg'), batch('ltg')
    tensors = tensors_of(inputs)
    for tensor in tensors.values():
        tensor.requires_grad_()
    losses = model.loss(inputs, samples)
    assert {name for name in losses if 'loss' in name} == LOSSES
    backbones = {'rgb.backbone', 'gradient.backbone'}
    weak = {(source, f'weak{suffix}') for source in inputs for suffix in ('', '_gradient')}
    expected = {
        'loss_sup': (PARTS, {view for view in weak if view[0] == 'labeled'}),
        'loss_unsup': (PARTS, {('unlabeled', 'strong'), ('unlabeled', 'strong_gradient')}),
        'loss_align': ({'rgb.backbone'}, {view for view in weak if view[1] == 'weak'}),
        'loss_contrast': (backbones | PROJECTIONS, weak),
    }
    for name, (parts, views) in expected.items():
        model.zero_grad()
        for tensor in tensors.values():
            tensor.grad = None
        losses[name].backward(retain_graph=True)
        modules = {part: model.student.get_submodule(part) for part in PARTS | PROJECTIONS}
        assert {part for part, module in modules.items() if grad_norm(module) > 0} == parts, name
        reached = {
            key[:2] for key, t in tensors.items() if t.grad is not None and t.grad.abs().sum() > 0
        }
        assert reached == views, name


@pytest.mark.parametrize('label_by', ['avg', 'rgb', 'gradient'])
def test_losses_equal_slow_ones(label_by):
    weights = {'unsup': 0.5, 'align': 2.0, 'contrast': 3.0}
    model, (inputs, samples) = build('ltg', label_by=label_by, loss_weights=weights), batch('ltg')
    model.threshold.threshold = 0.5
    losses = model.loss(inputs, samples)

    student, labeled, unlabeled = model.student, inputs['labeled'], inputs['unlabeled']

    def see(view, source):
        """Run each network on its own clips of a view, one after another."""
        return {
            net: [
                student.staged(net, clip[None])
                for clip in source[view if net == 'rgb' else f'{view}_gradient']['video']
            ]
            for net in NETS
        }

    lab, weak, strong = see('weak', labeled), see('weak', unlabeled), see('strong', unlabeled)
    sup = unsup = align = 0.0
    for net in NETS:
        for i in range(NUM_LABELED):
            sup -= 0.5 * F.log_softmax(lab[net][i].logits[0], -1)[i] / NUM_LABELED
    passed = 0
    for i in range(NUM_UNLABELED):
        logits = {net: weak[net][i].logits[0] for net in NETS}
        logits['avg'] = (logits['rgb'] + logits['gradient']) / 2
        probs = logits[label_by].softmax(-1)
        if probs.max() < 0.5:
            continue
        passed += 1
        for net in NETS:
            log_probs = F.log_softmax(strong[net][i].logits[0], -1)
            unsup -= 0.5 * log_probs[probs.argmax()] / NUM_UNLABELED
    assert passed > 0
    shown = {net: lab[net] + weak[net] for net in NETS}
    for stage in range(4):
        cosines = [
            F.cosine_similarity(one.stages[stage], other.stages[stage], dim=1).flatten()
            for one, other in zip(*shown.values(), strict=True)
        ]
        align = align + 1 - torch.cat(cosines).mean()
    x, y = (
        F.normalize(torch.cat([student.project(net, out.feature) for out in shown[net]]), dim=-1)
        for net in NETS
    )
    contrast, size = 0.0, len(x)
    for one, other in ((x, y), (y, x)):
        for i in range(size):
            terms = [(one[i] @ other[j] / 0.5).exp() for j in range(size)]
            contrast -= 0.5 * (terms[i] / sum(terms)).log() / size
    torch.testing.assert_close(losses['loss_sup'], sup)
    torch.testing.assert_close(losses['loss_unsup'], 0.5 * unsup)
    torch.testing.assert_close(losses['loss_align'], 2.0 * align)
    torch.testing.assert_close(losses['loss_contrast'], 3.0 * contrast)
    assert losses['pass_rate'] == passed / NUM_UNLABELED
    total, _ = model.parse_losses(losses)
    torch.testing.assert_close(total, sup + 0.5 * unsup + 2.0 * align + 3.0 * contrast)


def test_warmup_has_all_but_pseudo_labels_and_a_gradient_of_all_parameters():
    model, hub = build('ltg', warmup_epochs=2), MessageHub.get_current_instance()
    hub.update_info('epoch', 1)
    losses = model.loss(*batch('ltg'))
    assert set(losses) == LOSSES - {'loss_unsup'}
    assert model.pending_threshold_update is None
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is not None for p in model.parameters())  # DDP waits for them
    hub.update_info('epoch', 2)
    assert 'loss_unsup' in model.loss(*batch('ltg'))
    assert model.pending_threshold_update is not None


def test_true_labels_of_unlabeled_clips_are_only_logged():
    model, (inputs, samples) = build('ltg'), batch('ltg')
    with_labels = model.loss(inputs, samples)
    assert 'pseudo_label_acc' in with_labels
    samples['unlabeled'] = [AVDataSample(metainfo={'sample_idx': i}) for i in range(NUM_UNLABELED)]
    without = model.loss(inputs, samples)
    assert 'pseudo_label_acc' not in without
    for name in LOSSES:
        assert torch.equal(with_labels[name], without[name])


def test_thresholds_that_learn():
    """One that updates first, and has a loss of its own; one with a memory of clips."""
    cfg = {'type': 'FreeThreshold', 'decay': 0.5, 'fairness_weight': 0.1}
    model = build('ltg', threshold=cfg)
    model.threshold.setup(num_samples=NUM_UNLABELED, num_classes=NUM_CLASSES)
    losses = model.loss(*batch('ltg'))
    losses['loss_threshold'].backward()
    for net in NETS:
        assert grad_norm(model.student.get_submodule(net)) > 0
    model = build('ltg', threshold={'type': 'FlexThreshold', 'threshold': 0.3})
    model.threshold.setup(num_samples=NUM_UNLABELED, num_classes=NUM_CLASSES)
    model.loss(*batch('ltg'))
    probs, sample_idx = model.pending_threshold_update
    assert probs.shape == (NUM_UNLABELED, NUM_CLASSES)
    assert sample_idx.tolist() == list(range(NUM_UNLABELED))


def test_parts_can_be_left_out():
    student = {**LTG['student'], 'projection': None}
    model = build('ltg', student=student, contrast=None, alignment=None)
    assert {n for n in model.loss(*batch('ltg')) if 'loss' in n} == {'loss_sup', 'loss_unsup'}


def test_frames_alone_are_tested():
    model = build('ltg')
    model.student.gradient.forward = None  # whoever calls it fails
    video = torch.randn(2, 3, *CLIP, dtype=torch.double)
    with torch.no_grad():
        samples = model({'video': video}, [AVDataSample(), AVDataSample()], mode='predict')
        for clip, sample in zip(video, samples, strict=True):
            expected = model.student.rgb(clip).logits.float().softmax(-1).mean(0)
            torch.testing.assert_close(sample.pred_score, expected)
            torch.testing.assert_close(sample.student_score, expected)


def test_training_moves_both_networks():
    model = build('ltg').train()
    before = {name: value.clone() for name, value in model.student.named_parameters()}
    optimizer = torch.optim.SGD(model.student.parameters(), lr=0.1)
    model.parse_losses(model.loss(*batch('ltg')))[0].backward()
    optimizer.step()
    for name, value in model.student.named_parameters():
        assert not torch.equal(value, before[name]), name


def test_errors():
    inputs, samples = batch('ltg')
    del inputs['unlabeled']['strong_gradient']
    with pytest.raises(ConfigError, match=r'unlabeled clips gives no strong_gradient\. Add `Pair'):
        build('ltg').loss(inputs, samples)
    with pytest.raises(ConfigError, match=r"`label_by` to be one of .* but got 'tg'"):
        build('ltg', label_by='tg')
    with pytest.raises(ConfigError, match='together, or neither'):
        build('ltg', contrast=None)
    with pytest.raises(ConfigError, match='`loss_weights` to be among'):
        build('ltg', loss_weights={'mix': 1.0})
