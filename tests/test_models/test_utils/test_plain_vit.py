import pytest
import torch

from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.plain_vit import make_plain
from mmavssl.models.utils.report import Report


def network(**others):
    torch.manual_seed(0)
    return {
        'pos_embed': torch.randn(1, 5, 3),
        'blocks.10.attn.proj.weight': torch.randn(3, 3),
        'blocks.10.attn.proj.bias': torch.randn(3),
        **{f'blocks.10.{name}': tensor for name, tensor in others.items()},
    }


@pytest.mark.parametrize('name', ['ls1.gamma', 'gamma_1'])
def test_factors_of_the_output(name):
    gamma, state, report = torch.tensor([2.0, 3.0, -1.0]), network(), Report()
    weight, bias = state['blocks.10.attn.proj.weight'], state['blocks.10.attn.proj.bias']
    state[f'blocks.10.{name}'] = gamma
    x = torch.randn(4, 3)
    make_plain(state, report)
    ours = x @ state['blocks.10.attn.proj.weight'].T + state['blocks.10.attn.proj.bias']
    torch.testing.assert_close(ours, gamma * (x @ weight.T + bias))
    assert f'blocks.10.{name}' not in state
    assert set(report.origins) == {'blocks.10.attn.proj.weight', 'blocks.10.attn.proj.bias'}


def test_others_stay_as_they_are():
    """Also a square of positions with the class token's, as ASTs may have."""
    others = {'ls1.gamma': torch.ones(2), 'ls2.gamma': torch.ones(3)}
    state = {**network(**others), 'pos_embed': torch.randn(1, 49, 3)}
    before = dict(state)
    make_plain(state, Report())
    assert state == before


def test_class_token_without_a_position():
    """That of DeiT III; DINOv2's has one."""
    gamma = {'gamma_1': torch.ones(3)}
    for number, expected in ((4, 5), (5, 5)):
        state, report = {**network(**gamma), 'pos_embed': torch.randn(1, number, 3)}, Report()
        positions = state['pos_embed']
        make_plain(state, report)
        assert state['pos_embed'].shape == (1, expected, 3)
        assert state['pos_embed'][:, -4:].equal(positions[:, -4:])
        if number == 4:
            assert state['pos_embed'][:, 0].eq(0).all()
            assert report.origin('pos_embed').how == 'that of cls_token zero'


def test_dimensions_are_checked():
    with pytest.raises(MisfitError, match='its pos_embed has the shape'):
        make_plain({**network(), 'pos_embed': torch.ones(5, 3)}, Report())
