import pytest
import torch
from torch import nn

from mmavssl.models.fusions import TransformerFusion
from mmavssl.registry import FUSIONS


def small(mode='concat', dims=(8, 8), **kwargs):
    torch.manual_seed(0)
    return TransformerFusion(*dims, mode, num_heads=4, feedforward_channels=16, **kwargs)


def test_size_of_the_paper():
    with torch.device('meta'):
        fusion = TransformerFusion()
    assert sum(parameter.numel() for parameter in fusion.parameters()) == 47_233_536
    assert fusion.out_dims == 1536


@torch.no_grad()
def test_concat_is_an_mlp_of_the_joined_features():
    """Attention over a single token weights that token's value with one."""
    fusion = small(num_layers=2).eval()
    video, audio = torch.randn(3, 8), torch.randn(3, 8)
    x = torch.cat([video, audio], dim=1)
    for layer in fusion.layers:
        value = slice(32, 48)  # after 16 query and 16 key rows
        attention = layer.self_attn
        v = x @ attention.in_proj_weight[value].T + attention.in_proj_bias[value]
        x = layer.norm1(x + attention.out_proj(v))
        x = layer.norm2(x + layer.linear2(layer.linear1(x).relu()))
    torch.testing.assert_close(fusion(video, audio), x, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_tokens_attend_to_each_other():
    fusion = small('token').eval()
    video, audio = torch.randn(3, 8), torch.randn(3, 8)
    fused = fusion(video, audio)
    assert fused.shape == (3, fusion.out_dims) == (3, 16)
    other = fusion(video, torch.randn(3, 8))
    assert (fused - other)[:, :8].abs().min(dim=1).values.gt(0).all()  # the video's half as well


@pytest.mark.parametrize('mode', ['concat', 'token'])
@pytest.mark.parametrize('grad', [True, False])  # without gradient torch takes a fused path
def test_samples_do_not_attend_to_each_other(mode, grad):
    fusion = small(mode).eval()
    video, audio = torch.randn(5, 8), torch.randn(5, 8)
    with torch.set_grad_enabled(grad):
        together = fusion(video, audio)
        for i in range(5):
            alone = fusion(video[i : i + 1], audio[i : i + 1])
            torch.testing.assert_close(together[i : i + 1], alone, atol=1e-6, rtol=1e-5)


def test_gradient_stays_within_a_sample():
    fusion = small(dropout=0.0)
    video, audio = torch.randn(4, 8, requires_grad=True), torch.randn(4, 8, requires_grad=True)
    fusion(video, audio)[2].square().sum().backward()
    for feature in (video, audio):
        assert feature.grad.abs().sum(dim=1).ne(0).tolist() == [False, False, True, False]


def test_dropout_is_off_in_eval():
    fusion = small(dropout=0.5)
    features = torch.randn(2, 8), torch.randn(2, 8)
    assert not fusion(*features).equal(fusion(*features))
    fusion.eval()
    assert fusion(*features).equal(fusion(*features))
    without = small(dropout=0.0)
    torch.testing.assert_close(fusion(*features), without(*features))


def test_layers_start_from_different_values():
    first, second = small(num_layers=2).layers
    assert not first.linear1.weight.equal(second.linear1.weight)


def test_features_of_different_width_are_joined():
    fusion = FUSIONS.build(dict(type='TransformerFusion', video_dims=12, audio_dims=4))
    assert fusion(torch.randn(2, 12), torch.randn(2, 4)).shape == (2, 16)
    assert not any(isinstance(module, nn.TransformerEncoder) for module in fusion.modules())


def test_errors():
    with pytest.raises(ValueError, match="'concat' or 'token', but got 'add'"):
        small('add')
    with pytest.raises(ValueError, match="in mode 'token', but got 12 and 4"):
        small('token', (12, 4))
    with pytest.raises(ValueError, match="divide the width 18 of the tokens in mode 'concat'"):
        small('concat', (9, 9))
