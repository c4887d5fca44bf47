"""Numbers of the presets at the paper's size, against those of each method's released code.

Where a config tells of a departure, or docs/fidelity.md, its own number is here.
"""

import math
from operator import attrgetter

import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from torch import nn

import mmavssl.engine  # noqa: F401  (fills the registries)
from mmavssl.registry import SSL_ALGORITHMS
from tests.small_methods import LTG
from tests.test_models.test_algorithms.toys import preset, student_cfg

FIXED = {
    'mixer': None, 'contrast': None, 'student_view': 'strong', 'loss_weights.unsup': 1.0,
    'consistency.kind': 'hard', 'teacher.momentum': 1.0, 'teacher.every': 'step',
}  # fmt: skip
#: What the algorithm of a preset has, besides its student. Momentum is 1 - decay; with 1 there is
#: no moving average, as USB has it for pretrained transformers.
ALGORITHMS = {
    'fixmatch': {**FIXED, 'threshold.threshold': 0.95},
    'flexmatch': {
        **FIXED, 'threshold.threshold': 0.95, 'threshold.warmup': True,
        'threshold.mapping': 'convex',
    },
    'freematch': {
        **FIXED, 'threshold.decay': 0.999, 'threshold.fairness_weight': 0.001,
        'threshold.quantile': None, 'threshold.clip': None,
    },
    'softmatch': {
        **FIXED, 'threshold.align': True, 'threshold.decay': 0.999, 'threshold.num_sigmas': 2,
    },
    'uda': {
        **FIXED, 'threshold.threshold': 0.8, 'consistency.kind': 'soft',
        'consistency.temperature': 0.4,
    },
    'pseudo_label': {
        **FIXED, 'threshold.threshold': 0.95, 'student_view': 'weak', 'ramp.name': 'unsup',
        'ramp.share': 0.4,
    },
    'mean_teacher': {
        **FIXED, 'threshold.threshold': 0.0, 'consistency.kind': 'mse',
        'consistency.temperature': 1.0, 'loss_weights.unsup': 50.0, 'teacher.momentum': 0.001,
        'teacher.warmup': True, 'ramp.name': 'unsup', 'ramp.share': 0.4,
    },
    'tcl': {
        'threshold.threshold': 0.8, 'instance.temperature': 0.5, 'group.temperature': 0.5,
        'loss_weights.instance': 9.0, 'loss_weights.group': 1.0, 'loss_weights.pseudo': 1.0,
        'warmup_epochs': 50, 'finetune_epoch': 350,
    },
    'ltg': {
        'threshold.threshold': 0.3, 'label_by': 'avg', 'alignment.kind': 'cosine',
        'alignment.stop': 'gradient', 'contrast.temperature': 0.5, 'consistency.kind': 'hard',
        'loss_weights.unsup': 1.0, 'loss_weights.align': 1.0, 'loss_weights.contrast': 1.0,
        'warmup_epochs': 30,
    },
}  # fmt: skip
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CONV_NETWORKS = {
    'tcl': {
        'student.backbone': {
            'type': 'TSMResNet', 'depth': 18, 'place': 'block', 'shift_div': 8,
            'frame_dropout': 0.5,
        },
        'student.head': {'type': 'ClsHead', 'in_channels': 512, 'num_classes': 51},
    },
    'ltg': {
        'student.backbone': {'type': 'ResNet3d18', 'base_channels': 64},
        'student.head': {
            'type': 'ClsHead', 'in_channels': 512, 'num_classes': 51, 'dropout': 0.5,
        },
        'student.projection': {
            'type': 'ProjectionHead', 'in_channels': 512, 'hidden_channels': 512,
            'out_channels': 512, 'num_layers': 3,
        },
    },
}  # fmt: skip
#: Clips of an iteration of one process, labeled to unlabeled, and over which of them an epoch is.
BATCHES = {'tcl': (32, (1, 3), 'labeled'), 'ltg': (10, (1, 1), 'unlabeled')}
#: Gradient clipping, epochs, and what an optimizer has for weights, biases and norms.
OPTIMIZERS = {
    'tcl': (20, 400, {'weight': (0.02, 1e-4), 'bias': (0.04, 0.0), 'norm': (0.02, 0.0)}),
    'ltg': (40, 180, {'weight': (0.2, 1e-4), 'bias': (0.2, 1e-4), 'norm': (0.2, 1e-4)}),
}


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmavssl')


@pytest.mark.parametrize('name', ALGORITHMS)
def test_numbers_of_the_algorithm(name):
    cfg = preset(name)
    toys = {'tcl': student_cfg(audio=False), 'ltg': LTG['student']}
    model = {**cfg.model.to_dict(), 'student': toys.get(name) or student_cfg(audio=True)}
    algorithm = SSL_ALGORITHMS.build(model)
    hooks = {hook.type: {'every': 'step', **hook} for hook in cfg.custom_hooks}
    settings = {
        'teacher': hooks.get('EMATeacherHook'),
        'ramp': hooks.get('LossWeightRampHook'),
        'loss_weights': algorithm.loss_weights,
    }
    for path, expected in ALGORITHMS[name].items():
        part, _, key = path.partition('.')
        if part in settings:
            assert settings[part][key] == expected, path
        else:
            assert attrgetter(path)(algorithm) == expected, path
    assert bool(settings['ramp']) == ('ramp.share' in ALGORITHMS[name])


@pytest.mark.parametrize('name', CONV_NETWORKS)
def test_networks_from_random_weights(name):
    model = preset(name).model
    for path, expected in CONV_NETWORKS[name].items():
        assert attrgetter(path)(model).to_dict() == expected, path
    assert (model.data_preprocessor.mean, model.data_preprocessor.std) == IMAGENET


def transforms(pipeline):
    """Return the arguments of a pipeline's transforms by type."""
    return {transform.type: transform for transform in pipeline}


def test_views_of_tcl():
    unlabeled = transforms(preset('tcl').train_dataloader.dataset.unlabeled.pipeline)['MultiView']
    fast, slow = map(transforms, (unlabeled.weak, unlabeled.slow))
    test = transforms(preset('tcl').test_dataloader.dataset.pipeline)
    assert [view['SampleSegments'].clip_len for view in (fast, slow, test)] == [8, 4, 8]
    assert 'RandAugment' not in fast
    del fast['SampleSegments'], slow['SampleSegments']
    assert fast == slow
    assert test['SampleSegments'].mode == 'center'
    assert (test['CenterCrop'].scale, test['CenterCrop'].size) == (256, 224)


def test_views_of_ltg():
    shared = transforms(preset('ltg').train_dataloader.dataset.unlabeled.pipeline)
    assert (shared['SampleClip'].clip_len, shared['SampleClip'].frame_interval) == (8, 8)
    assert (shared['RandomScaleCrop'].size, shared['Flip'].prob) == (224, 0.5)
    for name in ('strong', 'strong_gradient'):
        assert transforms(shared['MultiView'][name])['RandAugment'].num_ops == 2


@pytest.mark.parametrize('name', BATCHES)
def test_batches(name):
    loader = preset(name).train_dataloader
    found = (loader.batch_size, loader.batch_sampler.ratio, loader.sampler.epoch_over)
    assert found == BATCHES[name]


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_optimizer(name):
    cfg = preset(name)
    max_norm, epochs, expected = OPTIMIZERS[name]
    settings = cfg.optim_wrapper.to_dict()
    assert settings.pop('clip_grad') == {'max_norm': max_norm}
    assert 'accumulative_counts' not in settings
    assert cfg.train_cfg.max_epochs == epochs
    model = nn.Module()
    conv, norm, linear = nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1), nn.Linear(1, 1)
    model.student = nn.Sequential(conv, norm, linear)
    optimizer = build_optim_wrapper(model, settings).optimizer
    assert type(optimizer) is torch.optim.SGD
    groups = {p: group for group in optimizer.param_groups for p in group['params']}
    assert all(group['momentum'] == 0.9 for group in groups.values())
    assert not any(group['nesterov'] for group in groups.values())
    kinds = {
        'weight': (conv.weight, linear.weight), 'bias': (linear.bias,), 'norm': norm.parameters(),
    }  # fmt: skip
    for kind, parameters in kinds.items():
        for group in map(groups.get, parameters):
            assert (group['lr'], group['weight_decay']) == expected[kind], kind


def rates(cfg):
    """Return the learning rate of each epoch, where that is one iteration."""
    weight = torch.zeros(1, requires_grad=True)
    wrapper = OptimWrapper(torch.optim.SGD([weight], lr=cfg.optim_wrapper.optimizer.lr))
    given = {'optimizer': wrapper, 'epoch_length': 1}
    schedulers = [
        PARAM_SCHEDULERS.build(scheduler, default_args=given) for scheduler in cfg.param_scheduler
    ]
    found = []
    for _ in range(cfg.train_cfg.max_epochs):
        found += wrapper.get_lr()['lr']
        wrapper.update_params(weight.sum())
        for scheduler in schedulers:
            scheduler.step()
    return found


def cosine(done):
    return (1 + math.cos(math.pi * done)) / 2


def test_learning_rate_of_tcl():
    """The released one is on its way to the 400th epoch when it restarts at a tenth."""
    first, last = [0.02 * cosine(e / 350) for e in range(350)], [e / 50 for e in range(50)]
    assert rates(preset('tcl')) == pytest.approx(first + [0.002 * cosine(e) for e in last])


@pytest.mark.parametrize(('data', 'epochs', 'warmup'), [('ucf51', 180, 30), ('k400', 45, 10)])
def test_learning_rate_of_ltg(data, epochs, warmup):
    """Pseudo labels begin where the learning rate is up."""
    cfg = preset('ltg', data)
    assert (cfg.train_cfg.max_epochs, cfg.model.warmup_epochs) == (epochs, warmup)
    grown = [0.1 + 0.9 * min(e / (warmup - 1), 1) for e in range(epochs)]
    expected = [0.2 * grown[e] * cosine(e / epochs) for e in range(epochs)]
    assert rates(cfg) == pytest.approx(expected, rel=1e-4)
