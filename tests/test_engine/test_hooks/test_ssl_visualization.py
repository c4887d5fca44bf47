from copy import deepcopy
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from mmavssl.engine.hooks import SSLVisualizationHook
from mmavssl.evaluation.metrics import MultiViewAccuracy
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError
from mmavssl.visualization import ASLVisualizer
from tests.reliability.rank_toys import make
from tests.small_methods import NUM_CLASSES, batch, build
from tests.test_training import run, small_config

FIXED = {'type': 'FixedThreshold', 'threshold': 0.0}
VISUALIZER = dict(type='ASLVisualizer', vis_backends=[dict(type='LocalVisBackend')])


class Watch(Hook):
    """Keep the mixes that the model made, its pseudo labels, and what each iteration logs."""

    def before_train(self, runner):
        self.mixes, self.labels, self.logs, self.hidden = [], [], [], []
        model = runner.model
        model.mixer.register_forward_hook(lambda _, args, out: self.mixes.append((args, out)))
        model.threshold.register_forward_hook(lambda _, args, out: self.labels.append(out))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.logs.append({name: float(value) for name, value in outputs.items()})
        unlabeled = data_batch['data_samples']['unlabeled']
        self.hidden.append([sample.gt_for_log for sample in unlabeled])


@pytest.fixture
def config(avsprites_root, tmp_path):
    def make(name, hook=None):
        cfg = small_config('asl_mix/avsprites_1shot.py', avsprites_root, tmp_path / name)
        cfg.train_dataloader.sampler.epoch_over = 4
        cfg.model.student.backbone.update(depth=1, init_cfg=None)
        cfg.model.student.audio_backbone.depth = 1
        cfg.val_dataloader.dataset.indices = 3
        cfg.visualizer = VISUALIZER
        if hook is None:
            cfg.train_cfg.val_begin = 1000
        else:
            cfg.default_hooks.visualization = dict(type='SSLVisualizationHook', **hook)
        return cfg

    return make


@pytest.fixture
def drawn(monkeypatch):
    """What visualizers are told to draw, by name, kind and step."""
    calls = {}
    for name in ('add_clips', 'add_class_bars', 'add_confusion', 'add_networks'):
        method = getattr(ASLVisualizer, name)

        def keep(self, picture, *args, step, method=method, **scales):
            calls[picture, step] = args + tuple(scales.values())
            return method(self, picture, *args, step=step, **scales)

        monkeypatch.setattr(ASLVisualizer, name, keep)
    return calls


def test_draws_what_training_does_and_changes_nothing(config, drawn, tmp_path):
    plain, watch = Watch(), Watch()
    run(config('plain'), hooks=[plain])
    assert not drawn
    runner = run(config('drawn', dict(interval=2, num_clips=2)), hooks=[watch])
    assert watch.logs == plain.logs

    assert {key for key in drawn if key[1] < 4} == {('mixed', 2), ('classes', 2)}
    files = {path.name for path in tmp_path.glob('drawn/*/vis_data/vis_image/*')}
    assert files == {f'{name}_{step}.png' for name, step in drawn}
    check_mixed(runner, drawn['mixed', 4][0], watch)
    check_classes(runner, drawn['classes', 4], watch)
    check_confusion(runner, drawn)


def check_mixed(runner, clips, watch):
    _, mixed = watch.mixes[3]
    assert len(clips) == 2
    shown = [clip['mixed'] for clip in clips]
    video = runner.model.data_preprocessor.unnormalize(mixed.video[:2])
    assert np.abs(np.stack(shown) - (255 * video).permute(0, 2, 3, 4, 1).numpy()).max() <= 0.51
    for place, clip in enumerate(clips):
        assert np.array_equal(clip['masks']['mask'], mixed.mask[place].numpy())
        assert np.array_equal(clip['heatmap'], mixed.heatmap[place].numpy())
        assert f'{float(mixed.ratio[place]):.2f} of it' in clip['title']
        kept = mixed.mask[place].numpy()
        side = clip['frames'].shape[1] // int(kept.shape[1] ** 0.5)
        rows = kept.reshape(len(kept), *[int(kept.shape[1] ** 0.5)] * 2)
        pixels = rows.repeat(side, axis=1).repeat(side, axis=2)
        assert np.array_equal(clip['mixed'][pixels], clip['frames'][pixels])


def check_classes(runner, call, watch):
    bars, classes, tops = call
    passed, right = np.zeros((2, len(classes)))
    for result, hidden in zip(watch.labels[2:], watch.hidden[2:], strict=True):  # since the last
        for label, weight, truth in zip(result.label.tolist(), result.weight.tolist(), hidden,
                                        strict=True):  # fmt: skip
            passed[label] += weight > 0
            right[label] += weight > 0 and label == truth
    assert passed.sum() > 0
    assert bars['pseudo labels that count'].tolist() == passed.tolist()
    accuracy = bars['right, where the label is known (%)']
    assert np.array_equal(np.isnan(accuracy), passed == 0)
    assert accuracy[passed > 0] == pytest.approx(100 * right[passed > 0] / passed[passed > 0])
    thresholds = runner.model.threshold.class_thresholds()
    assert bars['confidence threshold'].tolist() == thresholds.tolist()
    assert tops == {'right, where the label is known (%)': 100, 'confidence threshold': 1}


def check_confusion(runner, drawn):
    confusions = {name: args for (name, _), args in drawn.items() if name.startswith('confusion')}
    assert confusions.keys() == {'confusion_student', 'confusion_teacher'}
    for matrix, classes in confusions.values():
        assert matrix.sum() == len(runner.val_dataloader.dataset)
        assert tuple(classes) == tuple(runner.val_dataloader.dataset.metainfo['classes'])
    compared, agreement, classes = next(
        args for (name, _), args in drawn.items() if name == 'student_teacher'
    )
    assert list(compared) == ['student', 'teacher']
    right = [np.trace(compared[network][:, :-1]) for network in compared]
    assert sum(agreement) == len(runner.val_dataloader.dataset)
    assert agreement.both_right + agreement.only_first == right[0]
    assert agreement.both_right + agreement.only_second == right[1]


def test_metric_leaves_confusions_that_are_not_saved(build_runner):
    runner = build_runner()
    metric = MultiViewAccuracy()
    sample = AVDataSample().set_gt_label(1)
    sample.set_field(torch.tensor([0.9, 0.1]), 'student_score')
    metric.process(None, [sample.to_dict()])
    metric.evaluate(1)
    assert runner.message_hub.get_info('confusion')['student'][1, 0] == 1
    assert 'confusion' not in runner.message_hub.state_dict()['runtime_info']


def test_a_model_without_mixer_has_the_other_pictures(build_runner, drawn):
    hook = dict(type='SSLVisualizationHook', interval=2)
    update = dict(type='ThresholdUpdateHook')
    build_runner([update, hook], visualizer=deepcopy(VISUALIZER)).train()  # Runner writes to it
    assert [key for key in drawn if key[0] == 'classes'] == [('classes', 2), ('classes', 4)]
    assert not [key for key in drawn if key[0] == 'mixed']


def test_both_thresholds_of_a_pair_are_drawn():
    model, inputs, samples = make('cross_modal flex')
    names = tuple(f'class {index}' for index in range(NUM_CLASSES))
    model.threshold.setup(20, len(names))
    for number, sample in enumerate(samples['unlabeled']):
        sample.set_metainfo({'gt_for_log': number % 2 - 1})  # half of them are unknown
    dataset = SimpleNamespace(metainfo={'classes': names})
    runner = SimpleNamespace(
        model=model, train_dataloader=SimpleNamespace(dataset=dataset), visualizer=Mock(), iter=0
    )
    hook, batch, given = SSLVisualizationHook(interval=1), {'data_samples': samples}, {}
    for name, threshold in model.threshold.of.items():
        threshold.register_forward_hook(lambda _, args, out, name=name: given.update({name: out}))
    hook.before_train(runner)
    hook.before_train_iter(runner, 0, batch)
    model.loss(inputs, samples)
    hook.after_train_iter(runner, 0, batch)
    [call] = runner.visualizer.add_class_bars.mock_calls
    _, bars, classes = call.args
    assert classes == names
    assert set(bars) - set(call.kwargs['tops']) == {
        f'pseudo labels that count ({name})' for name in given
    }
    for name, result in given.items():
        passed = result.weight > 0
        counts = torch.bincount(result.label[passed], minlength=len(names))
        assert bars[f'pseudo labels that count ({name})'].tolist() == counts.tolist()
        known = result.label[1::2][passed[1::2]]  # all are of class 0
        assert len(known) > 0
        accuracy = bars[f'right, where the label is known ({name}) (%)']
        for index, value in enumerate(accuracy):
            expected = 100 * (index == 0) if index in known else np.nan
            assert np.array_equal(value, expected, equal_nan=True)
        thresholds = model.threshold.of[name].class_thresholds().tolist()
        assert bars[f'confidence threshold ({name})'].tolist() == pytest.approx(thresholds)
    assert len(bars) == 6


def test_pseudo_labels_are_counted_as_the_losses_use_them():
    """AvCLR drops labels on which frames and sound disagree, after the threshold."""
    torch.manual_seed(0)
    model, (inputs, samples) = build('avclr', threshold=FIXED), batch('avclr')
    means = torch.randn(NUM_CLASSES, model.student.joint_dims)
    model.centroids.update(means, torch.arange(NUM_CLASSES))
    model._agree = lambda weak: torch.arange(len(weak[0])) == 1
    dataset = SimpleNamespace(metainfo={'classes': list('abcdefgh')[:NUM_CLASSES]})
    loader = SimpleNamespace(dataset=dataset)
    runner = SimpleNamespace(model=model, train_dataloader=loader, visualizer=Mock(), iter=0)
    hook, data = SSLVisualizationHook(interval=1), {'data_samples': samples}
    hook.before_train(runner)
    hook.before_train_iter(runner, 0, data)
    losses = model.loss(inputs, samples)
    hook.after_train_iter(runner, 0, data)
    [call] = runner.visualizer.add_class_bars.mock_calls
    bars = call.args[1]['pseudo labels that count']
    assert bars.sum() == 1 == round(float(losses['pass_rate']) * len(samples['unlabeled']))
    hook.after_train_iter(runner, 1, data)  # an iteration without pseudo labels
    assert len(runner.visualizer.add_class_bars.mock_calls) == 1


def test_nothing_is_drawn_of_warm_up(build_runner, drawn):
    model = dict(type='ToyAlgorithm', warmup_iters=100)
    update = dict(type='ThresholdUpdateHook')
    hook = dict(type='SSLVisualizationHook', interval=2)
    build_runner([update, hook], visualizer=deepcopy(VISUALIZER), model=model).train()
    assert not drawn


def test_needs_a_visualizer_that_draws(build_runner):
    runner = build_runner([dict(type='SSLVisualizationHook')])
    with pytest.raises(ConfigError, match=r"dict\(type='ASLVisualizer'.* has a Visualizer"):
        runner.train()


@pytest.mark.parametrize('name', ['interval', 'num_clips'])
def test_ranges(name):
    with pytest.raises(ValueError, match=f'`{name}`'):
        SSLVisualizationHook(**{name: 0})
