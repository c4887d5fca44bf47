"""What configs say of themselves: metafiles, the costs of Table 2, the switches of the notes."""

import functools
import inspect
import re
from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

from mmavssl.registry import TRANSFORMS
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import estimate_cost

ROOT = Path(__file__).parents[1]
SHIPPED = sorted(
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob('configs/**/*.py'), *ROOT.glob('docs/examples/*.py'))
    if '_base_' not in path.parts
)
FIDELITY = (ROOT / 'docs/fidelity.md').read_text()
SWITCHES = re.findall(r'`((?:[a-z_0-9]+\.)+[a-z_0-9]+=[^`]+)`', FIDELITY)
TRANSFORM_SWITCHES = re.findall(r'`([A-Z]\w+)\.(\w+)(?:=[^`]+)?`', FIDELITY)
TABLE_2 = {
    'svformer/ucf51_1shot': (121_297_971, 761.143809),
    'svformer_flex/ucf51_1shot': (121_297_971, 761.143809),
    'asl_mix/ablations/ucf51_1shot_av_tube': (253_923_891, 805.167274),
    'asl_mix/ablations/ucf51_1shot_av_tube_contrast': (253_923_891, 805.167274),
    'asl_mix/ablations/ucf51_1shot_asl_mask': (253_923_891, 820.997741),
    'asl_mix/ucf51_1shot': (253_923_891, 820.997741),
}


@functools.cache
def load(path: str) -> Config:
    """Return a config, which several tests read and none changes."""
    return load_config(str(ROOT / path))


def test_metafiles_name_all_configs_and_no_others():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    named = [
        model['Config']
        for metafile in index['Import']
        for model in yaml.safe_load((ROOT / metafile).read_text())['Models']
    ]
    assert sorted(named) == [path for path in SHIPPED if path.startswith('configs')]


@pytest.mark.parametrize('name', TABLE_2)
def test_cost_is_that_of_table_2(name):
    cost = estimate_cost(load(f'configs/{name}.py'))
    params, gmacs = TABLE_2[name]
    assert cost.params_total == params
    assert cost.gmacs_iteration == pytest.approx(gmacs, abs=1e-6)


def test_rows_of_table_2_differ_in_what_they_are_about():
    """Everything but the model is the same; in the model, masks and contrast alone."""
    rows = [load_config(str(ROOT / f'configs/{name}.py')) for name in list(TABLE_2)[2:]]
    models = [row.pop('model').to_dict() for row in rows]
    for row in rows:
        row.pop('work_dir')
        assert row.to_dict() == rows[0].to_dict()
    masks = [model['mixer']['masker']['type'] for model in models]
    assert masks == ['TubeToken', 'TubeToken', 'ASLGuided', 'ASLGuided']
    draws = [(model['mixer'].pop('alpha'), model['mixer'].pop('beta')) for model in models]
    assert draws == [(10.0, 10.0), (10.0, 10.0), (5.0, 10.0), (5.0, 10.0)]
    assert [model.pop('contrast') is None for model in models] == [True, False, True, False]
    for model in models:
        del model['mixer']['masker']
        assert model == models[0]


@pytest.mark.parametrize('switch', SWITCHES)
def test_switches_of_fidelity_notes_have_an_effect(switch):
    path = 'configs/asl_mix/ucf51_1shot.py'
    cfg = load_config(str(ROOT / path), [switch])
    check_config(cfg)
    assert cfg.to_dict() != load(path).to_dict()


@pytest.mark.parametrize(('transform', 'argument'), TRANSFORM_SWITCHES)
def test_transforms_of_fidelity_notes_have_their_arguments(transform, argument):
    assert argument in inspect.signature(TRANSFORMS.get(transform)).parameters


def test_fidelity_notes_have_switches():
    assert len(SWITCHES) > 30
    assert len(TRANSFORM_SWITCHES) > 4
