"""What an iteration of each algorithm consists of."""

from pathlib import Path

import pytest

from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import estimate_cost
from mmavssl.utils.network_cost import NetworkCost
from mmavssl.utils.passes import Pass, standard_passes

CONFIGS = Path(__file__).parents[2] / 'configs'
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


def test_class_of_a_plugin_that_says_nothing_has_the_standard_ones():
    network = dict(
        type='AVRecognizer',
        backbone=dict(type='ResNet3d18', base_channels=4),
        head=dict(type='ClsHead', in_channels=32, num_classes=3),
    )
    cfg = dict(model=dict(student=network), input_size=dict(num_frames=4, size=32))
    assert list(estimate_cost(cfg).iteration) == ['labeled clip (student)']


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
