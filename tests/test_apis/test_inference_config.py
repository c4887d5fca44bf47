import doctest

import pytest
import torch
from mmengine.config import Config

from mmavssl.apis import inference_config as module
from mmavssl.apis.inference_config import (
    choose_network,
    config_path,
    inference_config,
    test_pipeline,
)
from mmavssl.utils.errors import ConfigError

NAME = 'svformer_ucf51_1shot'
FILE = 'configs/svformer/ucf51_1shot.py'
AUDIO_VISUAL = 'configs/asl_mix/avsprites_1shot.py'


def test_config_by_file_by_name_or_as_it_is():
    by_file = inference_config(FILE, None)
    assert inference_config(NAME, None).model == by_file.model
    given = Config(dict(model=dict(type='A')))
    found = inference_config(given, None, ['model.type=B'])
    assert (found.model.type, given.model.type) == ('B', 'A')
    assert inference_config({'model': {'type': 'A'}}, None).model.type == 'A'


def test_changes_of_a_config_in_a_checkpoint(tmp_path):
    text = "model = dict(type='SupervisedRecognizer', average='prob')"
    torch.save({'state_dict': {}, 'meta': {'cfg': text}}, tmp_path / 'a.pth')
    cfg = inference_config(None, str(tmp_path / 'a.pth'), ['model.average=logit'])
    assert cfg.model == {'type': 'SupervisedRecognizer', 'average': 'logit'}


def test_plugin_that_the_command_line_names(tmp_path):
    text = "model = dict(type='SupervisedRecognizer')"
    torch.save({'state_dict': {}, 'meta': {'cfg': text}}, tmp_path / 'a.pth')
    weights, option = str(tmp_path / 'a.pth'), ['custom_imports.imports=no_such_plugin']
    with pytest.raises(ConfigError, match="does not import: No module named 'no_such_plugin'"):
        inference_config(None, weights, option)
    with pytest.raises(ConfigError, match='custom_imports: --safe-config accepts data only'):
        inference_config(None, weights, option, safe=True)


def test_names_that_do_not_exist():
    assert config_path('a/b.py') == 'a/b.py'
    with pytest.raises(ConfigError, match=f"no 'svformer_ucf51_1sho'. Did you mean '{NAME}'"):
        config_path('svformer_ucf51_1sho')
    three = r"mean 'asl_mix_avsprites_1shot' or '\w+_2shot' or '\w+_5shot'\?"
    with pytest.raises(ConfigError, match=three):
        config_path('asl_mix_avsprites')
    with pytest.raises(ConfigError, match=r'nothing\.py does not exist'):
        inference_config('nothing.py', None)
    with pytest.raises(ConfigError, match='Name a checkpoint'):
        inference_config(None, None)


@pytest.mark.parametrize(
    ('tested', 'use', 'network'),
    [
        ('both', None, 'student'),
        ('teacher', None, 'teacher'),
        ('student', 'teacher', 'teacher'),
        (None, None, 'student'),
    ],
)
def test_network(tested, use, network):
    cfg = Config(dict(model=dict(type='SemiSupervisedRecognizer', test_with=tested)))
    assert choose_network(cfg, use) == network
    assert cfg.model.test_with == network


def test_network_that_is_not_there():
    cfg = Config(dict(model=dict(type='SupervisedRecognizer')))
    assert choose_network(cfg, None) == choose_network(cfg, 'student') == 'student'
    assert 'test_with' not in cfg.model
    with pytest.raises(ConfigError, match='SupervisedRecognizer has no teacher'):
        choose_network(cfg, 'teacher')
    with pytest.raises(ConfigError, match='no `model` with a `type`'):
        choose_network(Config(), None)


def test_views():
    cfg = inference_config(AUDIO_VISUAL, None)
    full = test_pipeline(cfg, 'full')
    assert full == cfg.test_dataloader.dataset.pipeline
    fast = {step['type']: step for step in test_pipeline(cfg, 'fast')}
    assert (fast['SampleClip']['num_clips'], fast['SampleClip']['mode']) == (1, 'uniform')
    assert 'ThreeCrop' not in fast
    assert fast['CenterCrop'] == {'type': 'CenterCrop', 'scale': 72, 'size': 64}
    faithful = inference_config('configs/svformer/faithful_ucf51_1shot.py', None)
    [sampling] = [s for s in test_pipeline(faithful, 'fast') if s['type'] == 'SampleClip']
    assert sampling['mode'] == 'uniform'
    assert cfg.test_dataloader.dataset.pipeline == full


def test_no_views():
    with pytest.raises(ConfigError, match=r"to be one of \('full', 'fast'\), but got 'slow'"):
        test_pipeline(Config(), 'slow')
    for pipeline in ([], [{'type': 'LoadAVClip'}]):
        cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=pipeline))))
        with pytest.raises(ConfigError, match='to begin with OpenAVFile'):
            test_pipeline(cfg, 'full')


def test_examples():
    assert doctest.testmod(module).failed == 0
