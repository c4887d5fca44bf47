"""VideoMAE in a TimeSformer: what its files do not hold, and a still clip's tokens."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.backbones import TimeSformer
from mmavssl.models.utils.layouts.videomae import sinusoids
from tests.fidelity import published

SIZE = dict(embed_dims=128, depth=2, num_heads=2)
TOLERANCE = dict(atol=1e-5, rtol=1e-5)


def test_sinusoids_by_a_slow_loop():
    table = sinusoids(6, 8)[0]
    for position in range(6):
        for channel in range(8):
            angle = position / 10000 ** (2 * (channel // 2) / 8)
            expected = math.cos(angle) if channel % 2 else math.sin(angle)
            assert table[position, channel].item() == pytest.approx(expected, abs=1e-6)


def attend_as_videomae(x, state, block):
    """Multi-head attention with biases of queries and values, from its definition."""
    q_bias, v_bias = state[f'{block}.attn.q_bias'], state[f'{block}.attn.v_bias']
    bias = torch.cat([q_bias, torch.zeros_like(q_bias), v_bias])
    q, k, v = F.linear(x, state[f'{block}.attn.qkv.weight'], bias).chunk(3, dim=-1)
    heads = []
    for head in range(2):
        part = slice(64 * head, 64 * (head + 1))
        scores = q[..., part] @ k[..., part].transpose(1, 2) / math.sqrt(64)
        heads.append(scores.softmax(dim=-1) @ v[..., part])
    out = torch.cat(heads, dim=-1)
    return F.linear(out, state[f'{block}.attn.proj.weight'], state[f'{block}.attn.proj.bias'])


@pytest.mark.parametrize(
    ('layout', 'prefix'), [('videomae', 'encoder.'), ('videomae_finetuned', '')]
)
@torch.no_grad()
def test_still_clip(tmp_path, layout, prefix):
    state = getattr(published, layout)()
    torch.save({'module': state}, tmp_path / 'videomae.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'videomae.pth'))
    network = TimeSformer('joint', init_cfg=init_cfg, **SIZE).eval()
    token = network.cls_token.clone()
    network.init_weights()

    image = 0.1 * torch.randn(1, 3, 224, 224)  # so that tokens are of the order of one
    kernel = state[f'{prefix}patch_embed.proj.weight']
    tubelet = image[:, :, None].expand(-1, -1, 2, -1, -1)
    bias = state[f'{prefix}patch_embed.proj.bias']
    tokens = F.conv3d(tubelet, kernel, bias, stride=(2, 16, 16)).flatten(2).transpose(1, 2)
    expected = tokens + sinusoids(196, 128)
    ours = network.embed(image[:, :, None])[:, 0] + network.pos_embed[:, 1:]
    torch.testing.assert_close(ours, expected, **TOLERANCE)

    attention = network.blocks[1].attn(expected)
    reference = attend_as_videomae(expected, state, f'{prefix}blocks.1')
    torch.testing.assert_close(attention, reference, **TOLERANCE)
    norm = state[f'{prefix}norm.weight'] if prefix else state['fc_norm.weight']
    assert network.norm.weight.equal(norm)
    assert network.cls_token.equal(token)  # VideoMAE has none
    assert network.pos_embed[:, 0].eq(0).all()
    assert network.time_embed.eq(0).all()
