"""The training step: which losses, which gradients, who moves and who does not."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from torch import nn

from mmavssl.engine.optimizers import StudentOptimWrapperConstructor
from mmavssl.models.algorithms import SemiSupervisedRecognizer
from mmavssl.models.algorithms.forward_views import forward_views
from mmavssl.models.thresholds import FreeThreshold
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError
from tests.test_models.test_algorithms.toys import (
    NUM_CLASSES,
    NUM_LABELED,
    NUM_UNLABELED,
    batch,
    student_cfg,
)


class ToyLocalizer(nn.Module):
    """A localizer with parameters and batch statistics, to see whether they stay as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 4, stride=4)
        self.bn = nn.BatchNorm2d(1)

    def forward(self, frames: torch.Tensor, audio: torch.Tensor) -> torch.Tensor:
        maps = self.bn(self.conv(frames.flatten(0, 1))).unflatten(0, frames.shape[:2])
        return maps[:, :, 0] * audio.mean(dim=(1, 2))[:, None, None, None]


def build(method: str = 'asl_mix', **kwargs) -> SemiSupervisedRecognizer:
    torch.manual_seed(0)
    masker = {'type': 'TubeToken'}
    if method == 'asl_mix':
        masker = {'type': 'ASLGuided', 'localizer': kwargs.pop('localizer', ToyLocalizer())}
        kwargs.setdefault('contrast', {'type': 'AVContrastiveLoss'})
    threshold = 'FixedThreshold' if method == 'svformer' else 'FlexThreshold'
    kwargs.setdefault('threshold', {'type': threshold, 'threshold': 0.3})
    model = SemiSupervisedRecognizer(
        student=kwargs.pop('student', None) or student_cfg(audio=method == 'asl_mix'),
        mixer={'type': 'TokenMix', 'masker': masker, 'patch_size': 4},
        **kwargs,
    )
    model.threshold.setup(num_samples=20, num_classes=NUM_CLASSES)
    model.sync_teacher()
    return model.train()


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


def grad_norm(module: nn.Module) -> float:
    return sum(float(p.grad.abs().sum()) for p in module.parameters() if p.grad is not None)


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


def test_warmup_is_supervised_and_keeps_the_teacher_equal() -> None:
    model = build(warmup_epochs=2)
    hub = MessageHub.get_current_instance()
    hub.update_info('epoch', 1)
    try:
        assert set(model.loss(*batch())) == {'loss_sup'}
        with torch.no_grad():
            model.student.head.fc.bias.add_(1.0)
        model.update_teacher(momentum=0.01)
        assert torch.equal(model.teacher.head.fc.bias, model.student.head.fc.bias)
        hub.update_info('epoch', 2)
        assert 'loss_mix' in model.loss(*batch())
    finally:
        hub.update_info('epoch', 0)


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


@pytest.mark.parametrize('test_with', ['student', 'teacher', 'both'])
def test_predict_averages_probabilities_over_views(test_with: str) -> None:
    model = build(test_with=test_with).eval()
    with torch.no_grad():
        model.student.head.fc.bias.add_(torch.tensor([2.0, 0.0, -2.0]))
    video, audio = torch.randn(2, 3, 3, 2, 16, 16), torch.randn(2, 3, 32, 16)
    samples = [AVDataSample(), AVDataSample()]
    inputs = {'video': video, 'audio': audio}
    with torch.no_grad():
        predicted = model(inputs, samples, mode='predict')
        for i, sample in enumerate(predicted):
            for role in ('student', 'teacher'):
                if test_with not in (role, 'both'):
                    assert f'{role}_score' not in sample
                    continue
                slow = torch.zeros(NUM_CLASSES)
                for v in range(3):
                    logits = getattr(model, role)(video[i, v][None], audio[i, v][None]).logits[0]
                    slow += logits.softmax(-1) / 3
                torch.testing.assert_close(sample.get(f'{role}_score'), slow)
            main = 'teacher' if test_with == 'teacher' else 'student'
            assert torch.equal(sample.pred_score, sample.get(f'{main}_score'))


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


class Ear(ToyLocalizer):
    """A localizer that notes what it hears."""

    audio_input = 'spectrogram'

    def forward(self, frames: torch.Tensor, audio: torch.Tensor) -> torch.Tensor:
        self.heard = audio
        return super().forward(frames, audio)


def test_localizer_of_spectrograms_hears_the_strong_spectrogram() -> None:
    inputs, samples = batch()
    for warmup_epochs in (1, 0):
        model = build(localizer=Ear(), warmup_epochs=warmup_epochs)
        with pytest.raises(ConfigError, match="gives no 'spectrogram', only video, audio"):
            model.loss(inputs, samples)
    spectrogram = torch.rand(NUM_UNLABELED, 9, 7)
    inputs['unlabeled']['strong']['spectrogram'] = spectrogram
    model.loss(inputs, samples)
    assert model.mixer.masker.localizer.heard is spectrogram


def test_sound_is_missing() -> None:
    student = student_cfg(audio=False)
    with pytest.raises(ConfigError, match=r'`model\.student` has no `audio_backbone`'):
        build(student=student)
    with pytest.raises(ValueError, match='frames and audio for ASLGuided, but got no `audio`'):
        build(student=student, contrast=None).loss(*batch(audio=False))


def test_wrong_names_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"'TubeToken' is not a threshold.*is a masker"):
        build(threshold={'type': 'TubeToken'})
    with pytest.raises(ConfigError, match=r"no argument 'treshold'.*mean 'threshold'"):
        build(threshold={'type': 'FlexThreshold', 'treshold': 0.3})
    with pytest.raises(ValueError, match='loss_weights'):
        build(loss_weights={'unsupervised': 1.0})
    with pytest.raises(ValueError, match='test_with'):
        build(test_with='pupil')


@pytest.mark.parametrize('drop_partner', [True, False])
def test_partner_loses_colours_or_not_and_the_localizer_sees_all(drop_partner: bool) -> None:
    model = build(drop_partner=drop_partner)
    inputs, samples = batch()
    strong = inputs['unlabeled']['strong']
    strong['full_video'] = strong['video']
    strong['video'] = torch.zeros_like(strong['video'])
    seen = []
    model.mixer.register_forward_hook(
        lambda _, args, kwargs, result: seen.append((args, kwargs, result)), with_kwargs=True
    )
    model.loss(inputs, samples)
    [((_, _, partner), kwargs, result)] = seen
    expected = model.data_preprocessor.unnormalize(strong['full_video']).transpose(1, 2)
    torch.testing.assert_close(kwargs['frames'], expected)
    keep = result.mask.view(NUM_UNLABELED, 1, 2, 4, 1, 4, 1).expand(-1, 3, -1, -1, 4, -1, 4)
    second = torch.where(keep, 0.0, strong['full_video'][partner].view_as(keep)).flatten(1)
    zero = torch.zeros_like(second)
    torch.testing.assert_close(result.video.flatten(1), zero if drop_partner else second)


def test_predict_averages_logits_on_demand() -> None:
    model = build(average='logit', test_with='student').eval()
    view = batch()[0]['unlabeled']['strong']
    inputs = {name: tensor.unflatten(0, (2, 2)) for name, tensor in view.items()}
    with torch.no_grad():
        logits = model.student(view['video'], view['audio']).logits.unflatten(0, (2, 2))
        [first, second] = model.predict(inputs, [AVDataSample(), AVDataSample()])
    for sample, row in zip((first, second), logits, strict=True):
        torch.testing.assert_close(sample.pred_score, ((row[0] + row[1]) / 2).softmax(dim=-1))
    with pytest.raises(ValueError, match=r"`average` .* got 'max'"):
        build(average='max')
