import copy
import sys
from pathlib import Path
from types import ModuleType

import pytest
from mmengine.config import Config

from mmavssl.models.utils.pretrained import InitCfg
from mmavssl.registry import LOCALIZERS
from mmavssl.utils.config_check import check_config
from mmavssl.utils.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def asl_mix() -> dict:
    return Config.fromfile(ROOT / 'configs/asl_mix/ucf51_1shot.py').to_dict()


def check(base: dict, **changes) -> None:
    """Check a copy of the config with ``a__b=value`` set at ``a.b``."""
    cfg = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, key = path.split('__')
        node = cfg
        for parent in parents:
            node = node[int(parent) if parent.isdigit() else parent]
        node[key] = value
    check_config(Config(cfg))


def message(base: dict, **changes) -> str:
    with pytest.raises(ConfigError) as caught:
        check(base, **changes)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_unknown_type_names_key_and_nearest(asl_mix):
    text = message(asl_mix, model__mixer__masker={'type': 'TubeTokn'})
    assert text.startswith("model.mixer.masker: 'TubeTokn' is not a masker.")
    assert "Did you mean 'TubeToken'?" in text


def test_component_of_the_wrong_registry(asl_mix):
    text = message(asl_mix, model__mixer__masker__localizer={'type': 'TubeToken'})
    assert text.startswith("model.mixer.masker.localizer: 'TubeToken' is not a localizer.")
    assert 'It is a masker' in text
    text = message(asl_mix, custom_hooks=[{'type': 'EMATeacherHook'}, {'type': 'AVDataset'}])
    assert text.startswith("custom_hooks[1]: 'AVDataset' is not a hook. It is a dataset")


@pytest.mark.parametrize(
    ('path', 'value', 'begin', 'nearest'),
    [
        ('model__mixr', {}, 'model.mixr: SemiSupervisedRecognizer', 'mixer'),
        ('model__mixer__alpa', 1.0, 'model.mixer.alpa: TokenMix', 'alpha'),
        ('model__student__head__num_clases', 3, 'model.student.head.num_clases: ', 'num_classes'),
        ('train_dataloader__num_worker', 1, 'train_dataloader.num_worker: ', 'num_workers'),
        ('val_dataloader__dataset__an_file', '', 'val_dataloader.dataset.an_file: ', 'ann_file'),
        ('optim_wrapper__accumulative_count', 2, 'optim_wrapper.', 'accumulative_counts'),
        ('optim_wrapper__optimizer__momentm', 0.9, 'optim_wrapper.optimizer.', 'momentum'),
        ('param_scheduler__0__gama', 0.1, 'param_scheduler[0].gama: MultiStepLR', 'gamma'),
        ('train_cfg__max_epoch', 3, 'train_cfg.max_epoch: ResumableTrainLoop', 'max_epochs'),
        ('val_cfg__fp61', True, 'val_cfg.fp61: ValLoop', 'fp16'),
        ('randomness__sed', 1, 'randomness.sed: ', 'seed'),
        ('default_hooks__logger__intervall', 1, 'default_hooks.logger.intervall: ', 'interval'),
        ('val_evaluator__topkk', (1,), 'val_evaluator.topkk: MultiViewAccuracy', 'topk'),
        ('visualizer__vis_backend', [], 'visualizer.vis_backend: ', 'vis_backends'),
        ('env_cfg__mp_cfg__opencv_num_thread', 0, 'env_cfg.mp_cfg.', 'opencv_num_threads'),
    ],
)
def test_misspelt_argument(asl_mix, path, value, begin, nearest):
    text = message(asl_mix, **{path: value})
    assert text.startswith(begin)
    assert f'Did you mean {nearest!r}?' in text


@pytest.mark.parametrize(
    ('path', 'value', 'begin', 'nearest'),
    [
        ('optim_wrapper__optimizer__type', 'SDG', 'optim_wrapper.optimizer: ', 'SGD'),
        (
            'optim_wrapper__constructor',
            'StudentConstructor',
            'optim_wrapper.constructor: ',
            'StudentOptimWrapperConstructor',
        ),
        ('param_scheduler__0__type', 'MultistepLr', 'param_scheduler[0]: ', 'MultiStepLR'),
        ('train_cfg__type', 'EpochTrainLoop', 'train_cfg: ', 'EpochBasedTrainLoop'),
        ('default_hooks__timer__type', 'IterTimeHook', 'default_hooks.timer: ', 'IterTimerHook'),
        ('visualizer__vis_backends__0__type', 'LocalBackend', 'visualizer.', 'LocalVisBackend'),
        ('train_dataloader__sampler__type', 'TwoStream', 'train_dataloader.', 'TwoStreamSampler'),
        ('train_dataloader__collate_fn__type', 'av_colate', 'train_dataloader.', 'av_collate'),
        ('model__student__backbone__init_cfg__type', 'Pretraned', 'model.', 'Pretrained'),
        (
            'train_dataloader__dataset__unlabeled__pipeline__1__strong__0__type',
            'SampleClp',
            'train_dataloader.dataset.unlabeled.pipeline[1].strong[0]: ',
            'SampleClip',
        ),
    ],
)
def test_misspelt_type(asl_mix, path, value, begin, nearest):
    text = message(asl_mix, **{path: value})
    assert text.startswith(begin)
    assert f'Did you mean {nearest!r}?' in text


def test_key_of_the_base(asl_mix):
    """Most often it is the base's, which has another type there."""
    text = message(asl_mix, model__mixer__masker__type='TubeToken')
    assert text.startswith('model.mixer.masker.localizer: TubeToken has no argument')
    assert text.endswith(
        'It takes: per_batch, rounding. Where the key comes from `_base_`, `_delete_=True` beside '
        '`type` drops it.'
    )
    assert '_delete_' not in message(asl_mix, model__mixer__alpa=1.0)  # a misspelt one


@pytest.mark.parametrize('imports', ['forgetful_plugin', ['forgetful_plugin']])
def test_class_of_a_plugin_that_is_not_registered(asl_mix, monkeypatch, imports):
    plugin = ModuleType('forgetful_plugin')
    plugin.Stripes = type('Stripes', (), {})
    monkeypatch.setitem(sys.modules, 'forgetful_plugin', plugin)
    named = {'imports': imports}
    masker = {'type': 'Stripes'}
    assert message(asl_mix, custom_imports=named, model__mixer__masker=masker) == (
        "model.mixer.masker: 'Stripes' is not a masker: forgetful_plugin has it, but does not "
        'register it. Write @MASKERS.register_module() in the line above.'
    )
    masker = {'type': 'Stripe'}
    text = message(asl_mix, custom_imports=named, model__mixer__masker=masker)
    assert text.endswith('A plugin is made known by `custom_imports`.')


def test_missing_type(asl_mix):
    text = message(asl_mix, model__mixer__masker={'per_batch': True})
    assert text.startswith("model.mixer.masker: expected a masker with a 'type'")
    assert message(asl_mix, train_cfg={'max_epochs': 3}).startswith('train_cfg: expected `type`')


@pytest.mark.parametrize(
    ('key', 'nearest'),
    [
        ('train_dataloder', 'train_dataloader'),
        ('custom_hook', 'custom_hooks'),
        ('optim_wraper', 'optim_wrapper'),
        ('param_schedulers', 'param_scheduler'),
        ('custom_import', 'custom_imports'),
        ('load_form', 'load_from'),
    ],
)
def test_misspelt_top_level_key(asl_mix, key, nearest):
    assert message(asl_mix, **{key: {}}) == (
        f'{key}: nothing reads this key. Did you mean {nearest!r}? Choose a name less alike if it '
        'is a variable of your own.'
    )


@pytest.mark.parametrize(
    'variable',
    ['data_root', 'split', 'num_classes', 'model2', 'model_1', 'train_pipeline', 'tta_model',
     'train_loader', 'test_dataloader_av', 'vis_dataloader', 'weak_view', 'lr', 'max_epochs'],
)  # fmt: skip
def test_variables_of_ones_own_pass(asl_mix, variable):
    check(asl_mix, **{variable: 3})


@pytest.mark.parametrize(
    ('path', 'value'),
    [
        ('optim_wrapper__clip_grad', {'type': 'value', 'clip_value': 1.0}),
        ('optim_wrapper__paramwise_cfg', {'custom_keys': {'head': {'lr_mult': 10}}}),
        ('optim_wrapper__type', 'AmpOptimWrapper'),
        ('optim_wrapper', {'optimizer': {'type': 'AdamW', 'lr': 1e-3, 'betas': (0.9, 0.95)}}),
        (
            'optim_wrapper',
            {
                'constructor': 'DefaultOptimWrapperConstructor',
                'a': {'type': 'OptimWrapper', 'optimizer': {'type': 'SGD', 'lr': 0.1}},
                'b': {'optimizer': {'type': 'Adam', 'lr': 0.1}},
            },
        ),
        (
            'param_scheduler',
            [
                {'type': 'LinearLR', 'start_factor': 0.1, 'by_epoch': False, 'end': 9},
                {'type': 'CosineAnnealingLR', 'T_max': 9, 'convert_to_iter_based': True},
            ],
        ),
        ('param_scheduler', {'type': 'PolyLR', 'power': 2.0}),
        ('param_scheduler', {'a': [{'type': 'StepLR', 'step_size': 3}]}),
        ('param_scheduler', None),
        ('train_cfg', {'by_epoch': False, 'max_iters': 100}),
        ('val_evaluator', [{'type': 'MultiViewAccuracy'}]),
        ('val_evaluator', {'metrics': [{'type': 'MultiViewAccuracy'}]}),
        ('custom_hooks', [{'type': 'EMAHook', 'momentum': 1e-3, 'priority': 49}]),
        ('default_hooks__timer', None),
        ('default_hooks__mine', {'type': 'EmptyCacheHook', 'after_iter': True}),
        ('visualizer__vis_backends', [{'type': 'TensorboardVisBackend'}]),
        ('model__student__init_cfg', [{'type': 'Kaiming', 'layer': 'Conv2d', 'override': {}}]),
        ('model__mixer__masker', {'type': 'TubeToken', '_scope_': 'mmavssl'}),
        ('model__student', {'_scope_': 'mmaction', 'type': 'Recognizer3D'}),
        ('model__data_preprocessor', {'mean': (0.4, 0.4, 0.4)}),
        ('model_wrapper_cfg', {'find_unused_parameters': True}),
        ('val_dataloader', None),
        ('train_dataloader__num_batch_per_epoch', 3),
        ('randomness', {'seed': 1, 'deterministic': True}),
        (
            'train_dataloader__dataset',
            {
                'type': 'RepeatDataset',
                'times': 2,
                'dataset': {'type': 'AVDataset', 'ann_file': 'a', 'metainfo': {'type': 'video'}},
            },
        ),
    ],
)  # fmt: skip
def test_what_mmengine_accepts_passes(asl_mix, path, value):
    check(asl_mix, **{path: value})


@pytest.mark.parametrize('path', ['model__student', 'model__student__backbone'])
def test_all_that_our_networks_can_start_with_passes(asl_mix, path):
    init_cfg = InitCfg('a.pth', 'student.', ('head.*',), '01234567', {'num_heads': 2}, ('norm.*',))
    check(asl_mix, **{f'{path}__init_cfg': {'type': 'Pretrained', **init_cfg._asdict()}})


def test_plugin_is_checked_but_not_what_is_in_it(asl_mix):
    @LOCALIZERS.register_module()
    class PluginLocalizer:
        def __init__(self, head: dict, norm_cfg: dict) -> None:
            self.head, self.norm_cfg = head, norm_cfg

    plugin = {
        'type': 'PluginLocalizer',
        'head': {'type': 'of its own'},
        'norm_cfg': {'type': 'BN', 'requires_grad': False},
    }
    try:
        check(asl_mix, model__mixer__masker__localizer=plugin)
        text = message(asl_mix, model__mixer__masker__localizer={**plugin, 'had': 1})
        assert text.startswith('model.mixer.masker.localizer.had: PluginLocalizer has no argument')
    finally:
        LOCALIZERS.module_dict.pop('PluginLocalizer')


def test_types_may_be_classes(asl_mix):
    from mmavssl.models.maskers import TubeToken

    check(asl_mix, model__mixer__masker={'type': TubeToken, 'per_batch': True})
    text = message(asl_mix, model__mixer__masker={'type': TubeToken, 'per_bach': True})
    assert text.startswith('model.mixer.masker.per_bach: TubeToken has no argument')


@pytest.mark.parametrize(
    ('path', 'value', 'begin'),
    [
        ('model__student__head__num_classes', '51', 'model.student.head.num_classes: ClsHead exp'),
        ('model__mixer__masker', 'TubeToken', 'model.mixer.masker: TokenMix expects `masker`'),
        ('model__mixer__masker__type', ['TubeToken'], 'model.mixer.masker.type: expected the'),
        ('optim_wrapper__optimizer__lr', float('nan'), 'optim_wrapper.optimizer.lr: SGD expects'),
        ('optim_wrapper__constructor', 1, 'optim_wrapper.constructor: Expected `type` to be the'),
        ('train_dataloader__num_workers', {}, 'train_dataloader.num_workers: DataLoader expects'),
        ('train_dataloader__sampler', None, 'train_dataloader.sampler: expected a dict'),
        ('train_cfg__max_epochs', 0, 'train_cfg.max_epochs: Expected `max_epochs` to be at least'),
        ('randomness__seed', 1.5, 'randomness.seed: expected an int or None'),
        ('default_hooks__step_seed', None, 'default_hooks.step_seed: None takes out a hook that'),
        ('default_hooks__checkpoint__max_kep_ckpts', 2, 'default_hooks.checkpoint.max_kep_ckpts:'),
        ('default_scope', 'abc', "default_scope: there is no package 'abc'"),
        ('test_evaluator', [1], 'test_evaluator[0]: expected a dict'),
        ('work_dir', ['a'], 'work_dir: expected a string'),
        ('custom_hooks', {'type': 'EMATeacherHook'}, 'custom_hooks: expected a list'),
        ('prepare_commands', {'data': 3}, 'prepare_commands: expected a dict of strings'),
        ('LOG_LEVEL', 'INFO', "LOG_LEVEL: nothing reads this key. Did you mean 'log_level'?"),
        ('wrok_dir', 'a', "wrok_dir: nothing reads this key. Did you mean 'work_dir'?"),
    ],
)
def test_value_that_does_not_belong_there(asl_mix, path, value, begin):
    assert message(asl_mix, **{path: value}).startswith(begin)


def test_there_must_be_a_model(asl_mix):
    assert message(asl_mix, model=None).startswith('model: expected a dict with a `type`')


def test_zero_waits_without_end():
    """`ResumableTrainLoop` names 0 as a value of its own."""
    cfg = Config.fromfile(ROOT / 'configs/asl_mix/avsprites_2shot.py')
    cfg.train_cfg.data_timeout = 0
    check_config(cfg)
