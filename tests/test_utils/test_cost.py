"""The figures of the paper's Table 2, and the tool that prints them."""

import copy
import importlib.util
import json
import unittest.mock
from pathlib import Path

import pytest

from mmavssl.utils.cost import (
    CONVENTIONS,
    CostEstimator,
    estimate_cost,
    find_localizer,
    without_init_cfg,
)
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.network_cost import recognizer_cost

PRETRAINED = dict(type='Pretrained', checkpoint='no/such/file.pth')
VIDEO = dict(
    type='SemiSupervisedRecognizer',
    student=dict(
        type='AVRecognizer',
        backbone=dict(type='TimeSformer', init_cfg=PRETRAINED),
        head=dict(type='ClsHead', in_channels=768, num_classes=51),
    ),
    threshold=dict(type='FlexThreshold'),
    mixer=dict(type='TokenMix', masker=dict(type='TubeToken')),
)
AUDIO_VISUAL = copy.deepcopy(VIDEO)
AUDIO_VISUAL['student'].update(
    audio_backbone=dict(type='ASTEncoder', init_cfg=PRETRAINED),
    fusion=dict(type='TransformerFusion'),
    head=dict(type='ClsHead', in_channels=1536, num_classes=51),
)
ASL_MIX = copy.deepcopy(AUDIO_VISUAL)
ASL_MIX['mixer']['masker'] = dict(
    type='ASLGuided', localizer=dict(type='FNACLocalizer', init_cfg=PRETRAINED)
)
INPUT_SIZE = dict(num_frames=8, size=224, audio_frames=256, num_mel_bins=128)


def cost_of(model, convention='paper'):
    return estimate_cost(dict(model=model, input_size=INPUT_SIZE), convention)


def test_video_only():
    cost = cost_of(VIDEO)
    assert cost.params_total == cost.params_trainable == 121_297_971
    assert cost.gmacs_forward == pytest.approx(190.054741, abs=1e-6)
    assert cost.iteration['patch embedding of the second clip'] == 8 * 196 * 768 * 768
    assert cost.gmacs_iteration == pytest.approx(761.144, abs=5e-4)


def test_audio_visual():
    cost = cost_of(AUDIO_VISUAL)
    assert cost.params_total == 121_258_752 + 85_353_216 + 47_233_536 + 1536 * 51 + 51
    assert cost.forward['audio_backbone'] == pytest.approx(10.991644e9, abs=1e3)
    assert cost.forward['fusion'] == 3 * (2 * 1536 * 2048 + 2 * 4 * 1536)
    assert cost.gmacs_iteration == pytest.approx(805.167, abs=5e-4)


def test_asl_mix():
    cost = cost_of(ASL_MIX)
    assert cost.params_total == pytest.approx(253.92e6, abs=0.1e6)
    assert cost.params_localizer == 22_872_064
    assert cost.iteration['localizer'] == pytest.approx(15.8307e9, abs=5e5)
    assert cost.gmacs_iteration == pytest.approx(820.998, abs=5e-4)


def test_localizer_of_spectrograms():
    """FNAC's own spectrogram costs more than the log-mel, which is how the paper's was told."""
    model = copy.deepcopy(ASL_MIX)
    model['mixer']['masker']['localizer']['audio_input'] = 'spectrogram'
    assert cost_of(model).iteration['localizer'] == pytest.approx(16.646e9, abs=5e5)


def test_full_convention():
    cost = cost_of(ASL_MIX, 'full')
    assert cost.forward['backbone'] == pytest.approx(195.83e9, abs=5e6)
    assert cost.forward['audio_backbone'] == pytest.approx(11.288e9, abs=5e5)
    assert cost.iteration['localizer'] == pytest.approx(15.745e9, abs=1e6)
    passes = list(cost.iteration.values())
    assert passes[:4] == [sum(cost.forward.values())] * 4
    assert len(passes) == 5


def test_without_mixer_and_without_pseudo_labels():
    forward = cost_of(VIDEO).gmacs_forward
    assert cost_of({**VIDEO, 'mixer': None}).gmacs_iteration == pytest.approx(3 * forward)
    supervised = dict(type='SupervisedRecognizer', student=VIDEO['student'])
    assert cost_of(supervised).gmacs_iteration == forward
    mixed_pixels = {**VIDEO, 'mixer': dict(type='MixUp')}
    assert cost_of(mixed_pixels).gmacs_iteration == pytest.approx(4 * forward)


def test_localizer_alone():
    cost = cost_of(dict(type='LocalizerTrainer', localizer=dict(type='FNACLocalizer')))
    assert cost.params_total == cost.params_trainable == 22_872_064
    assert cost.gmacs_forward == pytest.approx(15.8307, abs=5e-4)
    seen = cost.forward['imgnet'] + cost.forward['img_proj']
    spared = cost.gmacs_forward - cost.gmacs_iteration  # training sees one of the eight frames
    assert spared == pytest.approx(7 / 8 * seen / 1e9, abs=1e-9)


def test_each_network_is_counted_once():
    estimator = CostEstimator()
    cost = estimator.cost(dict(model=ASL_MIX, input_size=INPUT_SIZE))
    pretrained = copy.deepcopy(ASL_MIX)
    pretrained['student']['backbone']['init_cfg'] = None
    with unittest.mock.patch('mmavssl.utils.cost.recognizer_cost') as recount:
        recount.__name__ = recognizer_cost.__name__
        assert estimator.cost(dict(model=pretrained, input_size=INPUT_SIZE)) == cost
        recount.assert_not_called()
        estimator.cost(dict(model=VIDEO, input_size=INPUT_SIZE))
        recount.assert_called_once()


def test_errors():
    with pytest.raises(ConfigError, match='convention'):
        cost_of(VIDEO, 'official')
    with pytest.raises(ConfigError, match=r'num_frames, size is missing'):
        estimate_cost(dict(model=VIDEO))
    with pytest.raises(ConfigError, match=r'audio_frames, num_mel_bins is missing'):
        estimate_cost(dict(model=AUDIO_VISUAL, input_size=dict(num_frames=8, size=224)))
    with pytest.raises(ConfigError, match='student'):
        cost_of(dict(type='Other', network=1))
    wrong = {**VIDEO, 'student': {**VIDEO['student'], 'backbone': dict(type='TimeSfomer')}}
    with pytest.raises(ConfigError, match='TimeSformer'):
        cost_of(wrong)


def test_config_helpers():
    cfg = dict(a=[dict(init_cfg=1, b=2)], init_cfg=3, c=(4,))
    assert without_init_cfg(cfg) == dict(a=[dict(b=2)], c=(4,))
    assert find_localizer(ASL_MIX)['type'] == 'FNACLocalizer'
    assert find_localizer(VIDEO) is None


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    path = Path(__file__).resolve().parents[2] / 'tools' / 'analysis' / 'get_cost.py'
    spec = importlib.util.spec_from_file_location('get_cost', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_config(path, model, **names):
    lines = [f'model = {model!r}', *(f'{name} = {value!r}' for name, value in names.items())]
    path.write_text('\n'.join(lines) + '\n')
    return str(path)


def test_conventions_of_the_help_are_those_of_the_package(tool):
    assert tool.CONVENTIONS == CONVENTIONS


def test_tool(tool, tmp_path, capsys):
    config = write_config(tmp_path / 'video.py', VIDEO, input_size=INPUT_SIZE)
    assert tool.main([config, '--json']) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures == {
        'params_total': 121297971,
        'params_trainable': 121297971,
        'gmacs_forward': pytest.approx(190.054741),
        'gmacs_iteration': pytest.approx(761.143809),
    }
    assert tool.main([config]) == 0
    text = capsys.readouterr().out
    assert '761.144' in text
    assert '121.298' in text


def test_tool_errors_are_one_line(tool, tmp_path, capsys):
    config = write_config(tmp_path / 'video.py', VIDEO)
    assert tool.main([config]) == 2
    captured = capsys.readouterr()
    assert captured.err.count('\n') == 1
    assert 'input_size' in captured.err
    assert tool.main([str(tmp_path / 'absent.py')]) == 2
