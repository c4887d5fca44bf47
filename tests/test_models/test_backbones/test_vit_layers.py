import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from timm.models.vision_transformer import Block
from torch import nn

from mmavssl.models.backbones import vit_layers
from mmavssl.models.backbones.vit_layers import Attention, ViTBlock, attend, init_vit


def loop_attention(q, k, v):
    """Attention of one sequence and head, by scalar loops."""
    length, dims = q.shape
    out = torch.zeros(length, dims)
    for i in range(length):
        weights = [math.exp(float(q[i] @ k[j]) / math.sqrt(dims)) for j in range(length)]
        for j in range(length):
            out[i] += weights[j] / sum(weights) * v[j]
    return out


def test_attend_in_loops():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 2, 5, 4)
    result = attend(q, k, v)
    for b in range(2):
        for h in range(2):
            torch.testing.assert_close(result[b, h], loop_attention(q[b, h], k[b, h], v[b, h]))


@pytest.mark.parametrize('length', [8, 129])
def test_both_forms_agree_in_values_and_gradients(length, monkeypatch):
    torch.manual_seed(0)
    qkv = torch.randn(3, 2, 3, length, 8, dtype=torch.float64, requires_grad=True)
    results = []
    for limit in (0, 10**6):  # always the fused kernel, never the fused kernel
        monkeypatch.setattr(vit_layers, 'CPU_SHORT_SEQUENCE', limit)
        out = attend(*qkv)
        (grad,) = torch.autograd.grad(out.square().sum(), qkv)
        results.append((out, grad))
    torch.testing.assert_close(results[0], results[1], atol=1e-12, rtol=1e-12)


def test_fused_kernel_is_for_long_sequences(monkeypatch):
    lengths = []
    fused = F.scaled_dot_product_attention

    def spy(q, k, v):
        lengths.append(q.shape[2])
        return fused(q, k, v)

    monkeypatch.setattr(F, 'scaled_dot_product_attention', spy)
    for length in (8, 65, 197):
        attend(*torch.randn(3, 1, 1, length, 4))
    assert lengths == [197]


def test_block_equals_timm():
    torch.manual_seed(0)
    ours = ViTBlock(24, 3)
    timms = Block(24, 3, qkv_bias=True, norm_layer=partial(nn.LayerNorm, eps=1e-6))
    timms.load_state_dict(ours.state_dict())  # the same names
    x = torch.randn(2, 7, 24)
    torch.testing.assert_close(ours(x), timms(x), atol=1e-6, rtol=1e-5)


def test_drop_path_drops_whole_samples_of_a_branch():
    torch.manual_seed(0)
    block = ViTBlock(8, 2, drop_path=0.5)
    nn.init.zeros_(block.mlp.fc2.weight)
    nn.init.zeros_(block.mlp.fc2.bias)
    x = torch.randn(64, 3, 8)
    update = block(x) - x
    block.eval()
    full = block(x) - x
    dropped = (update == 0).all(dim=2).all(dim=1)
    assert 16 < dropped.sum() < 48
    torch.testing.assert_close(update[~dropped], 2 * full[~dropped], atol=1e-5, rtol=1e-5)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match='multiple of `num_heads`=5, but got 24'):
        Attention(24, 5)


def test_init_vit():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(300, 300), nn.LayerNorm(300), nn.Conv2d(1, 1, 3))
    kernel = network[2].weight.clone()
    embedding = nn.Parameter(torch.zeros(1, 100, 300))
    init_vit(network, embedding)
    for drawn in (network[0].weight, embedding):
        assert drawn.std().item() == pytest.approx(0.02, rel=0.02)
        assert abs(drawn.mean().item()) < 1e-3
    assert network[0].bias.eq(0).all()
    assert network[1].weight.eq(1).all()
    assert network[2].weight.equal(kernel)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
def test_more_sequences_than_a_cuda_grid_takes():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 65536, 1, 8, 16, device='cuda').half()
    few = torch.cat([attend(*(x[part] for x in (q, k, v))) for part in (slice(9), slice(9, None))])
    torch.testing.assert_close(attend(q, k, v), few, atol=2e-3, rtol=2e-3)
