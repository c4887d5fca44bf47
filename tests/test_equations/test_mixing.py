"""Eq. 5, 6, 10, and the mask after 12: what is mixed, and what a mixed clip is taught."""

import pytest
import torch
from torch import nn

from mmavssl.models.losses import MixLoss
from mmavssl.models.maskers import ASLGuided, FrameToken, RandomToken, TubeToken
from mmavssl.models.mixers import TokenMix
from mmavssl.models.thresholds import FixedThreshold
from tests.test_equations.loops import assert_gradient, close, loop_mix_loss, teacher_and_student


@pytest.mark.parametrize('masker', [TubeToken(), RandomToken(), FrameToken()])
def test_eq05_token_mix(masker):
    """E_m = M * E_1 + (1 - M) * E_2 on the tokens of a patch embedding, token by token."""
    patch, rows, columns = 4, 2, 3
    video, partner = torch.randn(3, 3, 2, rows * patch, columns * patch), [2, 0, 1]
    result = TokenMix(masker, patch_size=patch)(video, None, torch.tensor(partner))
    embed = nn.Conv2d(3, 5, kernel_size=patch, stride=patch)
    weight, bias = embed.weight.detach().flatten(1), embed.bias.detach()

    def token(clips, b, t, n):
        y, x = n // columns * patch, n % columns * patch
        return weight @ clips[b, :, t, y : y + patch, x : x + patch].flatten() + bias

    for b in range(3):
        for t in range(2):
            mixed = embed(result.video[b, :, t]).detach().flatten(1)
            for n in range(rows * columns):
                m = float(result.mask[b, t, n])
                expected = m * token(video, b, t, n) + (1 - m) * token(video, partner[b], t, n)
                close(mixed[:, n], expected)


def test_eq06_audio_mix():
    """a_m = λ a_1 + (1 - λ) a_2 with λ the share of the first clip's tokens."""
    video, audio, partner = torch.randn(4, 3, 2, 8, 8), torch.randn(4, 6, 5), [1, 2, 3, 0]
    result = TokenMix(RandomToken(), patch_size=2)(video, audio, torch.tensor(partner))
    for b in range(4):
        kept = sum(1 for t in range(2) for n in range(16) if result.mask[b, t, n])
        ratio = kept / 32
        close(result.ratio[b], ratio)
        for i in range(6):
            for j in range(5):
                expected = ratio * audio[b, i, j] + (1 - ratio) * audio[partner[b], i, j]
                close(result.audio[b, i, j], expected)


@pytest.mark.parametrize('kind', ['mse_logit', 'mse_prob', 'ce'])
@pytest.mark.parametrize('gate', ['convex', 'both', 'none'])
def test_eq10_mix_loss(kind, gate):
    tau = 0.6
    probs, logits = teacher_and_student()
    partner, ratio = torch.randperm(12), torch.rand(12)
    pseudo = FixedThreshold(tau)(probs)
    assert 0 < pseudo.weight.sum() < 12
    loss = MixLoss(kind, gate)(logits, probs, pseudo, partner, ratio)
    expected = loop_mix_loss(
        kind, gate, logits.tolist(), probs.tolist(), tau, partner.tolist(), ratio.tolist()
    )
    close(loss, expected)
    assert_gradient(loss, logits)


def loop_token_weights(grid, height, width, floor):
    """Bilinear interpolation of one frame's map, min-max, floor."""
    size = len(grid)
    values = []
    for row in range(height):
        for column in range(width):
            y = min(max((row + 0.5) * size / height - 0.5, 0), size - 1)
            x = min(max((column + 0.5) * size / width - 0.5, 0), size - 1)
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, size - 1), min(x0 + 1, size - 1)
            dy, dx = y - y0, x - x0
            values.append(
                (1 - dy) * (1 - dx) * grid[y0][x0]
                + (1 - dy) * dx * grid[y0][x1]
                + dy * (1 - dx) * grid[y1][x0]
                + dy * dx * grid[y1][x1]
            )
    low, high = min(values), max(values)
    return [max((value - low) / (high - low), floor) for value in values]


def test_mask_from_map_after_eq12():
    """Interpolate, min-max, draw one token after the other without replacement (section 3.3)."""

    class Localizer(nn.Module):
        def forward(self, frames, audio):
            return maps

    maps, ratio = torch.randn(2, 3, 3, 3), torch.tensor([0.3, 0.7])
    frames, audio = torch.rand(2, 3, 3, 24, 24), torch.rand(2, 8, 8)
    masker = ASLGuided(Localizer())
    torch.manual_seed(1)
    result = masker(ratio, (3, 6, 6), frames, audio)
    torch.manual_seed(1)
    noise = torch.empty(2, 3, 36).exponential_()
    for b, count in enumerate((11, 25)):
        for t in range(3):
            weights = loop_token_weights(maps[b, t].tolist(), 6, 6, 1e-3)
            close(result.heatmap[b, t].flatten().clamp(min=1e-3), weights)
            left, kept = list(range(36)), []
            while len(kept) < count:
                first = min(left, key=lambda n: float(noise[b, t, n]) / weights[n])
                left.remove(first)
                kept.append(first)
            assert sorted(kept) == result.mask[b, t].nonzero().flatten().tolist()
        close(result.ratio[b], count / 36)
