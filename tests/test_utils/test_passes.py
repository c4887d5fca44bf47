"""What an iteration of each algorithm consists of."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from mmengine.model import BaseModel

from mmavssl.models.algorithms import (
    AvCLRReimpl,
    CrossModalRecognizer,
    LTGRecognizer,
    SemiSupervisedRecognizer,
    SupervisedRecognizer,
    TCLRecognizer,
)
from mmavssl.models.algorithms.base import RecognitionAlgorithm
from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import estimate_cost
from mmavssl.utils.network_cost import NetworkCost
from mmavssl.utils.passes import Pass, standard_passes

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs'
NETWORK = NetworkCost(0, 0, {'backbone.a': 5, 'audio_backbone.b': 20, 'fusion.c': 100, '': 1000})


def test_macs_of_parts():
    assert Pass('all').macs(NETWORK) == 1125
    assert Pass('no fusion', without='fusion').macs(NETWORK) == 1025
    assert Pass('both', ('backbone', 'audio_backbone'), clips=2).macs(NETWORK) == 50
    assert Pass('half of the frames', ('audio_backbone',), clips=0.5).macs(NETWORK) == 10
    by_child = NetworkCost(0, 0, {'backbone': 5, 'backbones': 1})  # as the full count names them
    assert Pass('one', ('backbone',)).macs(by_child) == 5


def test_standard_passes_follow_from_threshold_and_mixer():
    labels = [each.label for each in standard_passes({}, 'full')]
    assert labels == ['labeled clip (student)']
    pseudo = {'threshold': {'type': 'FixedThreshold'}, 'student_view': 'weak'}
    labels = [each.label for each in standard_passes(pseudo, 'full')]
    assert labels[1:] == ['weak view (teacher)', 'weak view (student)']
    mixed = {**pseudo, 'mixer': {'type': 'TokenMix', 'masker': {}}}
    assert len(standard_passes(mixed, 'full')) == 4
    assert standard_passes(mixed, 'paper')[4].parts == ('backbone.patch_embed',)


NETWORK_CFG = dict(
    type='AVRecognizer',
    backbone=dict(type='ResNet3d18', base_channels=4),
    head=dict(type='ClsHead', in_channels=32, num_classes=3),
)
STANDARD = ['labeled clip (student)']


def cost_of(algorithm):
    model = dict(type=algorithm, student=NETWORK_CFG)
    return estimate_cost(dict(model=model, input_size=dict(num_frames=4, size=32)))


def test_config_without_a_class_has_the_standard_ones():
    cfg = dict(model=dict(student=NETWORK_CFG), input_size=dict(num_frames=4, size=32))
    assert list(estimate_cost(cfg).iteration) == STANDARD


class PiModel(RecognitionAlgorithm):
    def loss(self, inputs, data_samples):
        """Sees unlabeled clips twice, of which nothing is said."""


class FlowModel(LTGRecognizer):
    def loss(self, inputs, data_samples):
        """Sees something else than LTG."""


class BareModel(BaseModel):
    def loss(self, inputs, data_samples):
        """Is no RecognitionAlgorithm."""


@pytest.mark.parametrize(
    ('algorithm', 'source'),
    [
        (PiModel, '`standard_passes`'),
        (BareModel, '`standard_passes`'),
        (FlowModel, 'LTGRecognizer.training_passes'),
    ],
)
def test_class_of_a_plugin_that_names_no_passes_is_in_doubt(algorithm, source):
    cost = cost_of(algorithm)
    assert cost.doubt == (
        f'passes as {source} counts them; {algorithm.__name__}, whose `loss` may have others, '
        'names none of its own (`training_passes`)'
    )
    assert (list(cost.iteration) == STANDARD) == ('standard' in source)


class ToldModel(PiModel):
    @classmethod
    def training_passes(cls, model, convention):
        return [Pass('labeled clip'), Pass('both views', clips=2)]


class QuietModel(SupervisedRecognizer):
    """Has the loss of another one."""


@pytest.mark.parametrize(
    'algorithm',
    [ToldModel, QuietModel, SupervisedRecognizer, SemiSupervisedRecognizer, CrossModalRecognizer,
     LTGRecognizer, TCLRecognizer, AvCLRReimpl],
)  # fmt: skip
def test_passes_that_are_named_are_not_in_doubt(algorithm):
    assert cost_of(algorithm).doubt == ''


def test_tool_says_so(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    spec = spec_from_file_location('get_cost', ROOT / 'tools/analysis/get_cost.py')
    tool = module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr('mmavssl.utils.config_check.check_config', lambda cfg: None)
    monkeypatch.setattr('mmavssl.utils.cost.component_of', lambda *_: PiModel)
    file = tmp_path / 'pi.py'
    model = dict(type='PiModel', student=NETWORK_CFG)
    file.write_text(f'model = {model!r}\ninput_size = dict(num_frames=4, size=32)\n')
    doubt = cost_of(PiModel).doubt
    assert tool.main([str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f'  ({doubt})'
    assert tool.main([str(file), '--json']) == 0
    captured = capsys.readouterr()
    assert set(json.loads(captured.out)) > {'gmacs_iteration'}
    assert captured.err == f'get_cost: {doubt}\n'


@pytest.mark.parametrize('convention', ['paper', 'full'])
def test_ltg_runs_two_networks_on_three_views_and_tests_one(convention):
    cfg = load_config(str(CONFIGS / 'ltg/ucf51_1shot.py'))
    cost = estimate_cost(cfg, convention)
    assert list(cost.forward) == ['rgb']
    assert cost.gmacs_iteration == pytest.approx(6 * cost.gmacs_forward)
    assert len(cost.iteration) == 3
    # Each of the released networks has 33.17 M.
    projections = 2 * (3 * 512 * 512 + 2 * 2 * 512)
    heads = 2 * (512 * 51 + 51)
    backbones = cost.params_total - projections - heads
    assert backbones / 2 == pytest.approx(33.17e6, rel=1e-3)


def test_avclr_runs_the_student_on_three_views():
    cfg = load_config(str(CONFIGS / 'avclr/ucf51_1shot.py'))
    cost = estimate_cost(cfg)
    assert {'backbone', 'audio_backbone', 'head'} <= set(cost.forward)
    assert cost.gmacs_iteration == pytest.approx(3 * cost.gmacs_forward)
