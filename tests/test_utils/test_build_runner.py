import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope, init_default_scope

import mmavssl.models  # noqa: F401  (fills the registries)
from mmavssl.registry import MASKERS, MODELS
from mmavssl.utils.build_runner import find_path, model_shapes, named_errors
from mmavssl.utils.errors import ConfigError, DataError

CFG = {
    'model': {
        'mixer': {'type': 'TokenMix', 'masker': {'type': 'TubeToken', 'rounding': 'up'}},
        'head': [{'type': 'ClsHead', 'in_channels': 3}],
    }
}


def test_path_of_a_component():
    assert find_path(CFG, CFG['model']['mixer']['masker']) == 'model.mixer.masker'
    assert find_path(CFG, {'type': 'ClsHead'}) == 'model.head[0]'
    assert find_path(CFG, {'type': 'Other'}) == ''


def test_refusal_begins_with_the_path():
    cfg = Config(CFG)
    with (
        pytest.raises(ConfigError, match=r'^model\.mixer\.masker: TubeToken: .*`rounding`'),
        named_errors(cfg),
    ):
        MASKERS.build(cfg.model.mixer.masker)


def test_any_other_error_is_one_line_with_its_place():
    @MODELS.register_module()
    class FailingModel:
        def __init__(self) -> None:
            raise OSError('a\nb')

    cfg = Config({'model': {'type': 'FailingModel'}})
    try:
        with pytest.raises(ConfigError) as caught, named_errors(cfg):
            MODELS.build(cfg.model)
    finally:
        MODELS.module_dict.pop('FailingModel')
    text = str(caught.value)
    assert text.startswith('model: OSError: a b (')
    assert 'test_build_runner.py:' in text
    assert isinstance(caught.value.__cause__, OSError)


def test_errors_about_data_are_left_as_they_are():
    with pytest.raises(DataError, match=r'^x$'), named_errors(CFG):
        raise DataError('x')


def test_shapes_of_a_model(monkeypatch):
    """They are those of the model, which takes no memory and leaves random numbers alone."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', {})  # as in a process that begins
    recognizer = Config.fromfile('configs/supervised/avsprites_1shot.py').model
    before = torch.get_rng_state()
    shapes = model_shapes(Config({'model': recognizer}))
    assert DefaultScope._instance_dict == {}
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.is_meta for parameter in shapes.parameters())
    init_default_scope('mmavssl')
    expected = {name: p.shape for name, p in MODELS.build(recognizer).named_parameters()}
    assert {name: p.shape for name, p in shapes.named_parameters()} == expected


def test_model_without_shapes():
    assert model_shapes(Config({'model': {'type': 'NoSuchModel'}})) is None
