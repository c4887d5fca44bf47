import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModule
from torch import nn

from mmavssl.apis.training_warnings import (
    closing_warnings,
    training_warnings,
    untrained_localizer,
)
from mmavssl.models.localizers import CenterPrior, FNACLocalizer, PrecomputedMap
from mmavssl.models.maskers import ASLGuided
from mmavssl.models.thresholds import FlexThreshold

SIZE = dict(num_stages=2, base_channels=4, out_dims=8)
WEIGHTS = dict(type='Pretrained', checkpoint='there.pth')
COMMAND = 'python tools/train.py configs/localizers/fnac_avsprites.py'


class Control(BaseModule):
    """Has MMEngine's `init_cfg`, and nothing that it could fill."""


def model_with(localizer):
    model = nn.Module()
    model.mixer = nn.Module()
    model.mixer.masker = nn.Module()
    model.mixer.masker.localizer = localizer
    return model


def test_localizer_without_weights():
    cfg = Config({'prepare_commands': {'localizer': COMMAND}})
    [line] = training_warnings(cfg, model_with(FNACLocalizer(**SIZE)))
    assert line.startswith('`model.mixer.masker.localizer` is a FNACLocalizer without weights')
    assert "model.mixer.masker.localizer.init_cfg=dict(type='Pretrained', checkpoint=" in line
    assert line.endswith(f'To make it: {COMMAND}')


@pytest.mark.parametrize(
    'model',
    [
        nn.Linear(1, 1),
        model_with(CenterPrior()),
        model_with(PrecomputedMap()),
        model_with(Control()),
        model_with(FNACLocalizer(**SIZE, init_cfg=WEIGHTS)),
    ],
)
def test_nothing_to_load_or_something_to_load_from(model):
    assert training_warnings(Config(), model) == []


@pytest.mark.parametrize('is_saved', [False, True])
def test_localizer_in_the_checkpoint_that_the_run_begins_with(tmp_path, is_saved):
    state = {'student.a': torch.ones(1)}
    if is_saved:
        state['mixer.masker.localizer.trunk.weight'] = torch.ones(1)
    torch.save({'state_dict': state, 'meta': {}}, tmp_path / 'epoch_1.pth')
    cfg = Config({'load_from': str(tmp_path / 'epoch_1.pth')})
    assert (untrained_localizer(cfg, model_with(FNACLocalizer(**SIZE))) is None) == is_saved


@pytest.mark.parametrize('useful', [False, True])
def test_maps_of_a_run_that_all_told_nothing(useful):
    """It was called ASL-Mix, and was mixing of random tokens."""
    model = model_with(CenterPrior())
    model.mixer.masker = ASLGuided(PrecomputedMap())
    assert closing_warnings(model) == []
    maps = torch.full((2, 3, 4, 4), float('nan'))
    if useful:
        maps[1, 2] = torch.eye(4)
    model.mixer.masker(torch.full((2,), 0.5), (3, 4, 4), torch.rand(2, 3, 3, 8, 8), maps)
    lines = closing_warnings(model)
    assert len(lines) == (not useful)
    assert useful or '6 not finite (NaN or infinite), 0 constant' in lines[0]


def test_thresholds_that_filter_nothing_are_told():
    model = nn.Module()
    model.threshold = FlexThreshold(0.9)
    model.threshold.setup(4, 2)
    assert closing_warnings(model) == []
    model.threshold.update(torch.tensor([[0.6, 0.4]]), torch.tensor([1]))
    [line] = closing_warnings(model)
    assert line == model.threshold.conclusion()


@pytest.mark.parametrize(('warmup', 'warns'), [(2, False), (3, True), (9, True)])
def test_only_warmup(warmup, warns):
    model = nn.Module()
    model.warmup_epochs = warmup
    lines = training_warnings(Config({'train_cfg': {'max_epochs': 3}}), model)
    assert len(lines) == warns
    if warns:
        assert lines[0].startswith('All 3 epochs (`train_cfg.max_epochs`) are warm-up (`model.')


def test_no_warmup_of_runs_that_count_iterations():
    model = nn.Module()
    model.warmup_epochs = 3
    assert training_warnings(Config({'train_cfg': {'max_iters': 3}}), model) == []
