"""The training step of the re-implementation of AvCLR, and its clusters."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub

from mmavssl.models.recognizers.avclr_student import Embeddings
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError
from tests.small_methods import (
    AVCLR,
    NUM_CLASSES,
    NUM_LABELED,
    NUM_UNLABELED,
    batch,
    build,
    grad_norm,
    tensors_of,
)

LOSSES = {'loss_sup', 'loss_unsup', 'loss_intra', 'loss_cross', 'loss_cluster'}
ENCODERS = {'backbone', 'audio_backbone'}
PROJECTIONS = {'video_projection', 'audio_projection'}
FIXED = {'type': 'FixedThreshold', 'threshold': 0.0}


def with_centroids(known=NUM_CLASSES, **changes):
    """Return a model whose first classes are where the first unlabeled clips are, and a batch."""
    model, (inputs, samples) = build('avclr', **changes), batch('avclr')
    output = model.student(**inputs['unlabeled']['weak'])
    means = model.student.embed(output).joint().detach()[:known]
    model.centroids.update(means, torch.arange(known))
    return model, (inputs, samples)


def test_every_loss_has_a_gradient_in_the_parts_and_clips_that_it_is_about():
    model, (inputs, samples) = with_centroids()
    tensors = tensors_of(inputs)
    for tensor in tensors.values():
        tensor.requires_grad_()
    model._agree = lambda weak: torch.ones(NUM_UNLABELED, dtype=torch.bool)
    losses = model.loss(inputs, samples)
    assert {name for name in losses if 'loss' in name} == LOSSES
    labeled, weak, strong = (
        ('labeled', 'weak'), ('unlabeled', 'weak'), ('unlabeled', 'strong'),
    )  # fmt: skip
    expected = {
        'loss_sup': (ENCODERS | {'head'}, {labeled}),
        'loss_unsup': (ENCODERS | {'head'}, {strong}),
        'loss_intra': (ENCODERS | PROJECTIONS, {weak, strong}),
        'loss_cross': (ENCODERS | PROJECTIONS, {labeled, weak}),
        'loss_cluster': (ENCODERS | PROJECTIONS, {weak}),
    }
    for name, (parts, views) in expected.items():
        model.zero_grad()
        for tensor in tensors.values():
            tensor.grad = None
        losses[name].backward(retain_graph=True)
        modules = {n: m for n, m in model.student.named_children() if grad_norm(m) > 0}
        assert set(modules) == parts, name
        for key, tensor in tensors.items():
            reached = tensor.grad is not None and bool(tensor.grad.abs().sum() > 0)
            assert reached == (key[:2] in views), (name, key)


def slow_shares(vectors, centroids):
    kernel = torch.stack([
        torch.stack([1 / (1 + (z - m).square().sum()) for m in centroids]) for z in vectors
    ])  # fmt: skip
    return kernel / kernel.sum(dim=1, keepdim=True)


def test_losses_equal_slow_ones():
    weights = {'unsup': 2.0, 'intra': 3.0, 'cross': 4.0, 'cluster': 5.0}
    model, (inputs, samples) = with_centroids(
        loss_weights=weights, threshold={**FIXED, 'threshold': 0.36}
    )
    means = model.centroids.means.clone()
    losses = model.loss(inputs, samples)

    views = inputs['labeled']['weak'], inputs['unlabeled']['weak'], inputs['unlabeled']['strong']
    outputs = [model.student(view['video'], view['audio']) for view in views]
    labeled, weak, strong = (model.student.embed(output) for output in outputs)
    for i in range(NUM_LABELED):  # each is of another class
        means[i] = 0.9 * means[i] + 0.1 * torch.cat([labeled.video[i], labeled.audio[i]]) / 2**0.5
    torch.testing.assert_close(model.centroids.means, means)
    shares = slow_shares(torch.cat([weak.video, weak.audio], dim=1) / 2**0.5, means)

    sup = -sum(
        F.log_softmax(outputs[0].logits[i], -1)[i] for i in range(NUM_LABELED)
    ) / NUM_LABELED  # fmt: skip
    unsup, passed = 0.0, []
    for i in range(NUM_UNLABELED):
        halves = [
            (part[i] / 2**0.5 - half).norm(dim=-1).argmin()
            for part, half in ((weak.video, means[:, :8]), (weak.audio, means[:, 8:]))
        ]
        passed.append(bool(halves[0] == halves[1] and shares[i].max() >= 0.36))
        if passed[-1]:
            assert shares[i].argmax() == halves[0]
            unsup = unsup - F.log_softmax(outputs[2].logits[i], -1)[halves[0]] / NUM_UNLABELED
    intra = model.intra_contrast(weak.video, strong.video)
    intra = intra + model.intra_contrast(weak.audio, strong.audio)
    cross = model.contrast(
        torch.cat([labeled.video, weak.video]), torch.cat([labeled.audio, weak.audio])
    )
    target = shares.detach().square() / shares.detach().sum(dim=0)
    target = target / target.sum(dim=1, keepdim=True)
    cluster = (target * (target / shares).log()).sum() / NUM_UNLABELED
    assert losses['pass_rate'] == sum(passed) / NUM_UNLABELED
    assert 0 < sum(passed) < NUM_UNLABELED, shares
    torch.testing.assert_close(losses['loss_sup'], sup)
    torch.testing.assert_close(losses['loss_unsup'], 2.0 * unsup)
    torch.testing.assert_close(losses['loss_intra'], 3.0 * intra)
    torch.testing.assert_close(losses['loss_cross'], 4.0 * cross)
    torch.testing.assert_close(losses['loss_cluster'], 5.0 * cluster)
    assert model.intra_contrast.temperature == 0.1
    assert model.contrast.temperature == 0.07


def test_pseudo_labels_need_agreement_of_both_modalities():
    model, _ = with_centroids()
    video, audio = model.centroids.means.chunk(2, dim=1)
    agreeing = Embeddings(video * 2**0.5, audio * 2**0.5)
    assert model._agree(agreeing).all()
    swapped = Embeddings(agreeing.video, agreeing.audio.roll(1, dims=0))
    assert not model._agree(swapped).any()
    joint = model._shares(agreeing.joint())
    assert joint.argmax(dim=1).tolist() == [0, 1, 2]


def test_classes_that_were_never_seen_get_no_clip():
    model, (inputs, samples) = with_centroids(known=0)
    samples['labeled'] = [AVDataSample().set_gt_label(2) for _ in range(NUM_LABELED)]
    losses = model.loss(inputs, samples)
    assert model.centroids.known.tolist() == [False, False, True]
    assert losses['known_classes'] == pytest.approx(1 / 3)
    probs, _ = model.pending_threshold_update
    assert probs.argmax(dim=1).unique().tolist() == [2]
    assert all(torch.isfinite(value).all() for value in losses.values())


def test_warmup_is_supervised_makes_centroids_and_has_a_gradient_of_all_parameters():
    model, hub = build('avclr', warmup_epochs=2), MessageHub.get_current_instance()
    inputs, samples = batch('avclr')
    hub.update_info('epoch', 1)
    losses = model.loss(inputs, samples)
    assert set(losses) == {'loss_sup'}
    output = model.student(**inputs['labeled']['weak'])
    expected = F.cross_entropy(output.logits, torch.arange(NUM_LABELED))
    torch.testing.assert_close(losses['loss_sup'], expected)
    losses['loss_sup'].backward()
    assert all(p.grad is not None for p in model.parameters())  # DDP waits for them
    for name in PROJECTIONS:
        assert grad_norm(model.student.get_submodule(name)) == 0
    joint = model.student.embed(output).joint()
    torch.testing.assert_close(model.centroids.means[:NUM_LABELED], joint.detach())
    assert model.pending_threshold_update is None
    hub.update_info('epoch', 2)
    assert set(model.loss(inputs, samples)) >= LOSSES


def test_true_labels_of_unlabeled_clips_are_only_logged():
    results = []
    for known in (True, False):
        model, (inputs, samples) = with_centroids()
        if not known:
            samples['unlabeled'] = [
                AVDataSample(metainfo={'sample_idx': i}) for i in range(NUM_UNLABELED)
            ]
        results.append(model.loss(inputs, samples))
        assert ('pseudo_label_acc' in results[-1]) == known
    for name in LOSSES:
        assert torch.equal(*(result[name] for result in results))


def test_centroids_are_in_checkpoints_and_are_not_trained():
    model, _ = with_centroids()
    state = model.state_dict()
    assert torch.equal(state['centroids.means'], model.centroids.means)
    assert not list(model.centroids.parameters())
    other = build('avclr')
    other.load_state_dict(state)
    assert torch.equal(other.centroids.means, model.centroids.means)


def test_threshold_with_a_loss_of_its_own():
    cfg = {'type': 'FreeThreshold', 'decay': 0.5, 'fairness_weight': 0.1}
    model, (inputs, samples) = with_centroids(threshold=cfg)
    model.threshold.setup(num_samples=NUM_UNLABELED, num_classes=NUM_CLASSES)
    model._agree = lambda weak: torch.ones(NUM_UNLABELED, dtype=torch.bool)
    model.loss(inputs, samples)['loss_threshold'].backward()
    assert grad_norm(model.student.head) > 0


def test_threshold_that_no_share_can_reach():
    """0.3 with DEC's own settings and the 51 classes of UCF-51."""
    student = {**AVCLR['student'], 'head': {**AVCLR['student']['head'], 'num_classes': 51}}
    threshold = {**FIXED, 'threshold': 0.3}
    with pytest.raises(ConfigError, match=r'of 51 classes, the largest share of one is 0\.091'):
        build('avclr', student=student, threshold=threshold)
    clustering = {'type': 'DeepClusteringLoss', 'alpha': 10.0, 'scale': 0.02}
    build('avclr', student=student, threshold=threshold, clustering=clustering)


def test_errors():
    with pytest.raises(ConfigError, match='`loss_weights` to be among'):
        build('avclr', loss_weights={'mix': 1.0})
    with pytest.raises(ConfigError, match='`momentum` to be at most 1'):
        build('avclr', centroid_momentum=2.0)
