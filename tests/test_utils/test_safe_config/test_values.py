"""Data that MMEngine would import by, or run."""

import json
import sys

import pytest
from mmengine.config import Config

from mmavssl.registry import MODELS
from mmavssl.utils.configs import load_config
from mmavssl.utils.safe_config import check_values

OTHER = {
    'custom_imports': "custom_imports = dict(imports=['evil'])",
    'custom_imports of a base': "_base_ = 'base.py'",
    'path of a function': "model = dict(type='os.system', command='touch pwned')",
    'path in parts': "a = 'os'\nmodel = dict(type=f'{a}.' + 'system')",
    'key in a dict': "model = {'ty' + 'pe': 'os.system'}",
    'module': "model = dict(type='evil')",
    'part of our package': "model = dict(type='mmavssl.utils.cli.run_tool')",
    'module of our package': "model = dict(type='mmavssl.datasets')",
    'package with a registry': "model = dict(type='evil.Network')",
    'deep': "model = dict(a=[dict(b=(dict(type='evil.Network'),))])",
    'scope': "model = dict(type='FixedThreshold', _scope_='evil')",
    'default scope': "default_scope = 'evil'",
    'hook': "custom_hooks = [dict(type='evil.Hook')]",
    'hook by default': "default_hooks = dict(timer=dict(type='evil.Hook'))",
    'optimizer': "optim_wrapper = dict(optimizer=dict(type='evil.SGD'))",
    'constructor': "optim_wrapper = dict(constructor='evil.Constructor')",
    'runner': "runner_type = 'evil.Runner'",
    'collate': "train_dataloader = dict(collate_fn=dict(type='os.system'))",
    'worker': "train_dataloader = dict(worker_init_fn=dict(type='os.system'))",
    'loop': "train_cfg = dict(type='evil.Loop')",
    'metric': "val_evaluator = [dict(type='evil.Metric')]",
    'visualizer': "visualizer = dict(type='Visualizer', vis_backends=[dict(type='evil.Backend')])",
    'program of a backend': "visualizer = dict(vis_backends=[dict(type='DVCLiveVisBackend')])",
    'service of a backend': "visualizer = dict(vis_backends=[dict(type='WandbVisBackend')])",
    'wrapper': "model_wrapper_cfg = dict(type='evil.Wrapper')",
    'policy of a wrapper':
        "model_wrapper_cfg = dict(type='MMFullyShardedDataParallel', auto_wrap_policy='evil.f')",
    'type under another key': "custom_hooks = [dict(type='EMAHook', ema_type='evil.EMA')]",
    'initializer': "model = dict(init_cfg=[dict(type='evil.Init')])",
    'storage': "x = dict(backend='memcached', sys_path='/tmp', server_list_cfg='', client_cfg='')",
    'folder of modules': "x = dict(sys_path='/tmp')",
    'compiler': "compile = dict(options={'cpp.cxx': ['./evil.sh']})",
    'backend of a compiler': "compile = dict(backend='evil')",
    'type that is no text': 'model = dict(type=[1])',
    'quote in a key': """x = {"a': open('pwned', 'w').name, 'b": 1}""",
    'backslash in a key': r"x = {'a\\': 1}",
    'line in a key': r"x = dict(y={'a\nb': 1})",
    'key that is no name': 'x = {1.5: 1}',
}  # fmt: skip


@pytest.fixture
def evil(configs, monkeypatch):
    """A module and a package that make a file when they are imported."""
    deed = "open('pwned', 'w')\ndef f(*args, **kwargs):\n    pass\n"
    configs.write(deed, 'evil.py')
    configs.write(deed, 'evil/registry.py')
    configs.write(deed, 'evil/__init__.py')
    configs.write("custom_imports = dict(imports=['evil'])", 'base.py')
    monkeypatch.syspath_prepend(str(configs.root))
    yield configs
    for name in [name for name in sys.modules if name.partition('.')[0] == 'evil']:
        del sys.modules[name]


@pytest.mark.parametrize('name', OTHER)
def test_values_are_refused(evil, name):
    message = evil.refused(OTHER[name])
    assert '--safe-config accepts data only, but this ' in message


@pytest.mark.parametrize('kind', ['evil', 'evil.Network', 'evil.f'])
def test_they_would_have_been_imported(evil, kind):
    MODELS.get(kind)
    assert (evil.root / 'pwned').exists()


@pytest.mark.parametrize(
    'option',
    [
        'model.type=os.system',
        'model.threshold.type=evil.f',
        'custom_imports.imports=[evil]',
        'optim_wrapper.constructor=evil.f',
        'default_scope=evil',
        'custom_hooks.0.type=evil.f',
        'train_dataloader.collate_fn.type=evil.f',
        'compile.backend=evil',
        "model.a'b=1",
    ],
)
def test_options_are_checked(evil, option):
    text = (
        "model = dict(type='SupervisedRecognizer')\ncustom_hooks = [dict(type='EMATeacherHook')]"
    )
    assert evil.load(text).model.type == 'SupervisedRecognizer'
    assert '--safe-config' in evil.refused(text, options=[option])


def test_name_that_is_a_module_too(evil):
    """Of a registry where it is not looked up, it would be imported."""
    text = "model = dict(type='SupervisedRecognizer', threshold=dict(type='Flip'))"
    assert evil.load(text)
    evil.write("open('pwned', 'w')", 'Flip.py')
    assert "'Flip' is a module, too" in evil.refused(text)


def test_key_could_become_code_in_the_copy_of_a_config(configs, monkeypatch):
    """Why keys are checked: the copy that a run leaves is Python, which the next tool runs."""
    path = configs.write(OTHER['quote in a key'])
    Config.fromfile(path).dump('copy.py')
    Config.fromfile('copy.py')
    assert (configs.root / 'pwned').exists()


@pytest.mark.parametrize('key', ['a b', 'x = 1\ny', '1', 'x-y'])
def test_keys_of_a_whole_config(configs, key):
    assert 'is no plain name' in configs.refused(json.dumps({key: 1}), 'cfg.json')


@pytest.mark.parametrize(
    'values',
    [
        {'optim_wrapper': {'type': 'OptimWrapper', 'clip_grad': {'type': 'value'}}},
        {'train_dataloader': {'collate_fn': {'type': 'mmavssl.av_collate'}}},
        {'train_dataloader': {'sampler': {'type': 'mmengine.DefaultSampler'}}},
        {'model': {'type': 'mmavssl.SupervisedRecognizer', '_scope_': None}},
        {'optim_wrapper': {'paramwise_cfg': {'custom_keys': {'a.b': {'lr_mult': 0.1}}}}},
        {'x': {'backend': 'http'}, 'compile': {'mode': 'default'}, 'custom_imports': None},
        {'custom_hooks': [{'type': 'EarlyStoppingHook', 'monitor': 'a'}], 'compile': True},
    ],
)
def test_usual_values_pass(values):
    check_values(values)


def test_nesting_is_bounded():
    value = {}
    for _ in range(2000):
        value = {'a': value}
    with pytest.raises(ValueError, match='is nested too deeply'):
        check_values(value)


def test_the_types_are_looked_up_after_the_check(evil):
    """Training data get the seed of the run, for which their class is needed."""
    text = "randomness = dict(seed=1)\ntrain_dataloader = dict(dataset=dict(type='evil.f'))"
    evil.refused(text)
    load_config(str(evil.write(text)))
    assert (evil.root / 'pwned').exists()
