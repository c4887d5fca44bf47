"""Each modality learns from the pseudo labels of the other."""

import copy

import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.algorithms import CrossModalRecognizer
from mmavssl.models.thresholds import FreeThreshold
from mmavssl.registry import OPTIM_WRAPPERS
from mmavssl.utils.errors import ConfigError
from tests.test_models.test_algorithms.toys import NUM_CLASSES, batch, student_cfg, tell_apart


def two_streams(**changes):
    cfg = student_cfg(audio=True)
    head = dict(type='ClsHead', in_channels=8, num_classes=NUM_CLASSES)
    del cfg['fusion']
    return {**cfg, 'type': 'TwoStreamRecognizer', 'head': head, 'audio_head': head, **changes}


def build(**kwargs):
    torch.manual_seed(0)
    kwargs.setdefault('threshold', dict(type='FixedThreshold', threshold=0.0))
    model = CrossModalRecognizer(kwargs.pop('student', None) or two_streams(), **kwargs)
    model.threshold.setup(num_samples=20, num_classes=NUM_CLASSES)
    return model.train()


def test_losses_are_those_of_separate_networks():
    model = build(loss_weights=dict(unsup=0.7))
    inputs, samples = batch()
    losses = model.loss(inputs, samples)
    student = model.student
    networks = {
        'video': lambda view: student.head(student.backbone(view['video'])),
        'audio': lambda view: student.audio_head(student.audio_backbone(view['audio'])),
    }
    labels = torch.tensor([0, 1])
    for name, other in (('video', 'audio'), ('audio', 'video')):
        sup = F.cross_entropy(networks[name](inputs['labeled']['weak']), labels)
        torch.testing.assert_close(losses[f'loss_sup_{name}'], sup)
        pseudo = networks[other](inputs['unlabeled']['weak']).argmax(dim=-1)
        unsup = F.cross_entropy(networks[name](inputs['unlabeled']['strong']), pseudo)
        torch.testing.assert_close(losses[f'loss_unsup_{name}'], 0.7 * unsup)


def test_log_has_both_streams_and_their_means():
    log = build().loss(*batch())
    for key in ('pass_rate', 'pseudo_label_acc'):
        torch.testing.assert_close(log[key], (log[f'{key}_video'] + log[f'{key}_audio']) / 2)


@pytest.mark.parametrize('precision', ['OptimWrapper', 'AutocastOptimWrapper'])
def test_all_weights_get_gradients(precision):
    """Autocast of older PyTorch keeps casts of weights from the pass without gradients."""
    model = build()
    optimizer = torch.optim.SGD(model.student.parameters(), lr=0.0)
    wrapper = OPTIM_WRAPPERS.build(dict(type=precision, optimizer=optimizer))
    with wrapper.optim_context(model):
        losses = model.loss(*batch())
    model.parse_losses(losses)[0].backward()
    missing = [n for n, p in model.student.named_parameters() if p.grad is None]
    assert missing == []


def test_every_loss_moves_its_own_stream_alone():
    model = build()
    inputs, samples = batch()
    losses = model.loss(inputs, samples)
    own = {'video': ('backbone', 'head'), 'audio': ('audio_backbone', 'audio_head')}
    for name in [name for name in losses if name.startswith('loss')]:
        model.zero_grad()
        losses[name].backward(retain_graph=True)
        moved = {
            part
            for part, module in model.student.named_children()
            if any(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters())
        }
        assert moved == set(own[name.rpartition('_')[2]]), name


def test_thresholds_have_states_of_their_own():
    model = build(threshold=dict(type='FlexThreshold', threshold=0.0))
    video, audio = model.threshold.of.values()
    with torch.no_grad():
        model.student.head.fc.bias[0] = 100.0
        model.student.audio_head.fc.bias[1] = 100.0
    model.loss(*batch())
    memories = [each.state_dict()[each.sized[0]] for each in (video, audio)]
    assert set(memories[0].tolist()) == {-1, 0}
    assert set(memories[1].tolist()) == {-1, 1}
    assert {name.rpartition('_')[2] for name in model.threshold.log_vars()} == {'video', 'audio'}


def test_threshold_that_updates_first_judges_by_what_it_has_just_seen():
    """A stream learns by the threshold of the other one, and so has that one's own loss."""
    settings = dict(decay=0.1, fairness_weight=0.5)
    model = build(threshold=dict(type='FreeThreshold', **settings))
    inputs, samples = batch()
    unlabeled = inputs['unlabeled']
    tell_apart(model.student, unlabeled['weak'])
    losses = model.loss(inputs, samples)
    weak, strong = (
        model.student.streams(unlabeled[view]['video'], unlabeled[view]['audio'])[0]
        for view in ('weak', 'strong')
    )
    for name, teacher in (('video', 'audio'), ('audio', 'video')):
        alone = FreeThreshold(**settings)
        alone.setup(num_samples=20, num_classes=NUM_CLASSES)
        probs = weak[teacher].softmax(dim=-1).detach()
        alone.update(probs)
        weight = alone(probs).weight
        assert 0 < weight.sum() < len(weight)  # by the state before, all would pass
        state = model.threshold.of[teacher].state_dict()
        torch.testing.assert_close(state, alone.state_dict())
        assert losses[f'pass_rate_{teacher}'] == weight.mean()
        own = losses[f'loss_threshold_{name}']
        torch.testing.assert_close(own, alone.aux_loss(strong[name], weight))
        assert own.requires_grad


def test_threshold_that_updates_last_judges_by_the_state_before():
    model = build(threshold=dict(type='FlexThreshold', warmup=False))
    inputs, samples = batch()
    weak = inputs['unlabeled']['weak']
    tell_apart(model.student, weak)
    logits, _ = model.student.streams(weak['video'], weak['audio'])
    later = {}
    for name, threshold in model.threshold.of.items():
        probs = logits[name].softmax(dim=-1).detach()
        threshold.threshold = float(probs.amax(dim=-1).sort().values[:2].mean())
        alone = copy.deepcopy(threshold)
        alone.update(probs, torch.tensor([sample.sample_idx for sample in samples['unlabeled']]))
        later[name] = alone(probs).weight.mean()
        assert 0 < later[name] < 1
    for expected in (dict.fromkeys(later, 1.0), later):  # nothing has been seen at first
        log = model.loss(inputs, samples)
        assert {name: log[f'pass_rate_{name}'] for name in later} == expected


def test_prediction_is_the_mean_of_both_probabilities():
    model = build().eval()
    view = batch()[0]['labeled']['weak']
    streams, _ = model.student.streams(view['video'], view['audio'])
    mean = sum(logits.softmax(dim=-1) for logits in streams.values()) / 2
    output = model.student(view['video'], view['audio'])
    torch.testing.assert_close(output.logits.softmax(dim=-1), mean)


def test_warm_up_has_labeled_clips_alone():
    assert set(build(warmup_epochs=1).loss(*batch())) == {'loss_sup_video', 'loss_sup_audio'}


def test_errors():
    wrong = dict(type='ClsHead', in_channels=8, num_classes=5)
    with pytest.raises(ConfigError, match=r'`audio_head\.num_classes` to be that of `head`, 3'):
        build(student=two_streams(audio_head=wrong))
    wide = dict(type='ClsHead', in_channels=9, num_classes=3)
    with pytest.raises(ConfigError, match=r'`audio_head\.in_channels` to be 8'):
        build(student=two_streams(audio_head=wide))
    with pytest.raises(ValueError, match='Expected audio for a TwoStreamRecognizer'):
        build().student(torch.zeros(1, 3, 2, 16, 16))
