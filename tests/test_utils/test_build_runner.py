from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope, init_default_scope

import mmavssl.models  # noqa: F401  (fills the registries)
from mmavssl.registry import MASKERS, MODELS
from mmavssl.utils.build_runner import (
    build_runner,
    find_path,
    model_shapes,
    named_errors,
)
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.machine import processor
from mmavssl.version import __version__

CFG = {
    'model': {
        'mixer': {'type': 'TokenMix', 'masker': {'type': 'TubeToken', 'rounding': 'up'}},
        'head': [{'type': 'ClsHead', 'in_channels': 3}],
    }
}


@pytest.fixture
def trained(tmp_path, capsys):
    """What a run of no epoch shows, and its Runner."""
    loader = {'dataset': [0], 'batch_size': 1, 'sampler': {'type': 'DefaultSampler'}}
    cfg = {
        'model': BaseModelWithout(), 'work_dir': str(tmp_path), 'train_dataloader': loader,
        'train_cfg': {'by_epoch': True, 'max_epochs': 0},
        'optim_wrapper': {'optimizer': {'type': 'SGD', 'lr': 1.0}},
        'default_scope': 'mmavssl', 'experiment_name': tmp_path.name,
    }  # fmt: skip
    runner = build_runner(Config(cfg))
    runner.train()
    return capsys.readouterr().out, runner


class BaseModelWithout(BaseModel):
    """A model with one weight and nothing to do."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self) -> None:
        """Is not called."""


def test_log_begins_with_two_lines_and_its_file_with_all(trained):
    shown, runner = trained
    file = runner.logger.log_file
    assert f'Environment, config and hooks are in {file}' in shown.splitlines()[0]
    assert f' - mmavssl {__version__} on {processor()}' in shown.splitlines()[1]
    whole = Path(file).read_text()
    for long in ('System environment:', 'Config:', 'Hooks will be executed', 'max_epochs=0'):
        assert long in whole
        assert long not in shown
    assert 'Checkpoints will be saved' in shown
    assert 'deprecated' not in shown + whole


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


def test_shapes_of_a_model():
    """They are those of the model, which takes no memory and leaves random numbers alone."""
    recognizer = Config.fromfile('configs/supervised/avsprites_1shot.py').model
    before = torch.get_rng_state()
    shapes = model_shapes(Config({'model': recognizer}))
    assert DefaultScope.get_current_instance() is None
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.is_meta for parameter in shapes.parameters())
    init_default_scope('mmavssl')
    expected = {name: p.shape for name, p in MODELS.build(recognizer).named_parameters()}
    assert {name: p.shape for name, p in shapes.named_parameters()} == expected


def test_config_is_left_as_it_is(monkeypatch):
    class TakesApart(torch.nn.Module):
        def __init__(self, head):
            super().__init__()
            self.head = torch.nn.Linear(head.pop('width'), 1)

        def forward(self, video):
            return self.head(video)

    monkeypatch.setitem(MODELS._module_dict, 'TakesApart', TakesApart)
    cfg = Config({'model': {'type': 'TakesApart', 'head': {'width': 3}}})
    assert model_shapes(cfg).head.weight.shape == (1, 3)
    assert cfg.model.head == {'width': 3}


def test_model_without_shapes():
    assert model_shapes(Config({'model': {'type': 'NoSuchModel'}})) is None
