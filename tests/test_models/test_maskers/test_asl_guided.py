import copy
import itertools

import numpy as np
import pytest
import torch
from mmengine.model import BaseModule
from mmengine.runner.checkpoint import get_state_dict, load_state_dict
from scipy import stats
from torch import nn

from mmavssl.datasets.transforms import LogMel
from mmavssl.models.localizers import CosineLocalizer, ObjectGuided, Oracle, PrecomputedMap
from mmavssl.models.maskers import ASLGuided
from mmavssl.models.mixers import TokenMix
from mmavssl.registry import LOCALIZERS, MASKERS
from mmavssl.utils import ConfigError


class StubLocalizer(nn.Module):
    """Gives the maps it was made with, whatever it sees."""

    def __init__(self, maps):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.norm = nn.BatchNorm2d(1)
        self.maps = maps

    def forward(self, frames, audio):
        self.was_training, self.had_grad = self.training, torch.is_grad_enabled()
        return self.maps * self.scale


def something(*shape):
    """Frames or sound with something in them, without a draw from the global generator."""
    return torch.arange(torch.Size(shape).numel()).view(shape) / torch.Size(shape).numel()


def guided_mask(maps, ratio, size, seed=0, **kwargs):
    masker = ASLGuided(StubLocalizer(maps), **kwargs)
    torch.manual_seed(seed)
    batch, num_frames = maps.shape[:2]
    frames, audio = something(batch, num_frames, 3, 8, 8), something(batch, 16, 8)
    return masker(torch.as_tensor(ratio), (num_frames, *size), frames, audio)


def test_exact_count_and_heatmap():
    maps = torch.randn(4, 8, 7, 7, generator=torch.Generator().manual_seed(1)) / 0.03
    result = guided_mask(maps, [0.0, 0.25, 0.333, 1.0], (14, 14))
    assert result.mask.shape == (4, 8, 196)
    assert (result.mask.sum(dim=-1) == torch.tensor([0, 49, 65, 196])[:, None]).all()
    torch.testing.assert_close(result.ratio, torch.tensor([0, 0.25, 65 / 196, 1]))
    assert result.heatmap.shape == (4, 8, 14, 14)
    assert result.heatmap.amin(dim=(2, 3)).eq(0).all()
    assert result.heatmap.amax(dim=(2, 3)).eq(1).all()
    assert not result.heatmap.requires_grad


def test_draws_the_same_tokens_as_torch_multinomial():
    maps = torch.rand(30, 2, 4, 4, generator=torch.Generator().manual_seed(2))
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    weights = ((maps - low) / (high - low)).clamp(min=1e-3).flatten(0, 1).flatten(1)
    for count in (1, 5, 16):
        mask = guided_mask(maps, torch.full((30,), count / 16), (4, 4), seed=5).mask
        torch.manual_seed(5)
        drawn = torch.multinomial(weights, count, replacement=False)
        expected = torch.zeros(60, 16, dtype=torch.bool).scatter_(1, drawn, True)
        assert torch.equal(mask.flatten(0, 1), expected)


def test_first_draws_follow_the_map():
    one = torch.rand(1, 1, 4, 4, generator=torch.Generator().manual_seed(3))
    ours = guided_mask(one.expand(8000, 1, 4, 4), torch.full((8000,), 1 / 16), (4, 4)).mask
    counts = ours[:, 0].sum(dim=0)
    weights = ((one - one.min()) / (one.max() - one.min())).clamp(min=1e-3).flatten()
    expected = 8000 * weights / weights.sum()
    expected = expected.double() / expected.double().sum() * 8000
    assert stats.chisquare(counts.double(), expected).pvalue > 0.01

    torch.manual_seed(11)
    reference = torch.multinomial(weights.expand(8000, 16), 1).flatten().bincount(minlength=16)
    table = torch.stack([counts, reference])
    table = table[:, table.sum(dim=0) > 10]
    assert stats.chi2_contingency(table.numpy()).pvalue > 0.01


def test_sets_have_the_probability_of_a_sequential_draw():
    weights = [1.0, 0.7, 0.2, 0.001]
    total = sum(weights)
    probability = {
        frozenset(pair): sum(
            weights[a] / total * weights[b] / (total - weights[a])
            for a, b in itertools.permutations(pair)
        )
        for pair in itertools.combinations(range(4), 2)
    }
    maps = (torch.tensor(weights) - 0.001).view(1, 1, 2, 2).expand(20000, 1, 2, 2)
    mask = guided_mask(maps, torch.full((20000,), 0.5), (2, 2)).mask[:, 0].tolist()
    sets = [frozenset(i for i in range(4) if row[i]) for row in mask]
    pairs = [pair for pair in probability if 3 not in pair]
    rest = 20000 * sum(p for pair, p in probability.items() if 3 in pair)
    counts = [sets.count(pair) for pair in pairs]
    expected = [20000 * probability[pair] for pair in pairs]
    result = stats.chisquare([*counts, 20000 - sum(counts)], [*expected, rest])
    assert result.pvalue > 0.01


def test_positive_affine_change_of_a_frame_changes_nothing():
    maps = torch.randn(2, 3, 7, 7, generator=torch.Generator().manual_seed(4))
    change = torch.tensor([0.5, 2.0, 64.0])[None, :, None, None]
    first = guided_mask(maps, [0.3, 0.6], (14, 14))
    second = guided_mask(maps * change, [0.3, 0.6], (14, 14))
    assert torch.equal(first.mask, second.mask)


def test_zero_weight_tokens_are_drawn_last():
    maps = torch.zeros(50, 1, 4, 4)
    maps[..., :2, :] = torch.rand(50, 1, 2, 4) + 0.5
    mask = guided_mask(maps, torch.full((50,), 10 / 16), (4, 4), floor=1e-9).mask[:, 0]
    assert mask[:, :8].all()
    assert mask[:, 8:].sum() == 50 * 2
    assert mask[:, 8:].any(dim=0).all()


@pytest.mark.parametrize('frames_per_map', [1, 2, 4, 8])
def test_frames_of_a_group_use_their_mean_map(frames_per_map):
    maps = torch.rand(2, 8, 3, 3, generator=torch.Generator().manual_seed(5))
    result = guided_mask(maps, [0.4, 0.4], (3, 3), frames_per_map=frames_per_map)
    for t in range(8):
        start = t // frames_per_map * frames_per_map
        mean = sum(maps[:, s] for s in range(start, start + frames_per_map)) / frames_per_map
        low, high = mean.amin((1, 2), keepdim=True), mean.amax((1, 2), keepdim=True)
        torch.testing.assert_close(result.heatmap[:, t], (mean - low) / (high - low))
    assert not torch.equal(result.mask[:, 0], result.mask[:, 1])


def test_share_draw_repeats_the_mask_within_a_group():
    maps = torch.rand(2, 8, 5, 5, generator=torch.Generator().manual_seed(5))
    result = guided_mask(maps, [0.4, 0.2], (5, 5), frames_per_map=4, share_draw=True)
    groups = result.mask.unflatten(1, (2, 4))
    assert (groups == groups[:, :, :1]).all()
    assert not torch.equal(groups[:, 0], groups[:, 1])
    assert result.heatmap.shape == (2, 8, 5, 5)
    single = guided_mask(maps, [0.4, 0.2], (5, 5), share_draw=True)
    assert torch.equal(single.mask, guided_mask(maps, [0.4, 0.2], (5, 5)).mask)


def test_per_batch_shares_ratio_and_random_numbers_but_not_the_map():
    maps = torch.rand(3, 2, 4, 4, generator=torch.Generator().manual_seed(6))
    maps[1] = maps[0]
    result = guided_mask(maps, [0.25, 0.9, 0.9], (4, 4), per_batch=True)
    assert result.ratio.tolist() == [0.25] * 3
    assert torch.equal(result.mask[0], result.mask[1])
    assert not torch.equal(result.mask[0], result.mask[2])


def test_constant_and_broken_maps_are_drawn_uniformly_and_counted(monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmavssl.models.maskers.map_weights.print_log',
        lambda message, **_: messages.append(message),
    )
    maps = torch.ones(4000, 2, 2, 2)
    maps[:, 1, 0, 0] = float('nan')
    result = guided_mask(maps, torch.full((4000,), 0.25), (2, 2))
    for frame in range(2):
        counts = result.mask[:, frame].sum(dim=0)
        assert counts.sum() == 4000
        assert stats.chisquare(counts).pvalue > 0.01
    assert result.heatmap.eq(1).all()
    assert messages == [
        '8000 of 8000 localization maps so far told nothing, and their tokens were drawn '
        'uniformly: 4000 not finite (NaN or infinite), 4000 constant, or of frames of one colour '
        'or clips without sound.'
    ]


def test_nothing_to_see_or_hear_is_drawn_uniformly():
    """A network makes a map of anything: of black frames by their border, of silence by habit."""
    torch.manual_seed(0)
    localizer = CosineLocalizer(num_stages=2, base_channels=8, out_dims=16).eval()
    silence = LogMel(num_mel_bins=32, target_frames=64)({'waveform': np.zeros((1, 9600), 'f4')})
    frames, audio = torch.rand(3, 2, 3, 32, 32), torch.rand(3, 64, 32)
    audio[0] = silence['audio'][0]
    frames[1, 0] = 0.25
    frames[2, 1] = torch.tensor([0.1, 0.5, 0.9])[:, None, None]
    assert (localizer(frames, audio).flatten(2).std(dim=2) > 1e-4).all()
    masker = ASLGuided(localizer)
    result = masker(torch.full((3,), 0.25), (2, 4, 4), frames, audio)
    uniform = result.heatmap.eq(1).all(dim=3).all(dim=2)
    assert uniform.tolist() == [[True, True], [True, False], [False, True]]
    assert (result.mask.sum(dim=2) == 4).all()
    assert int(masker.degenerate_maps.count) == 4

    halves = ASLGuided(localizer, frames_per_map=2)
    heatmap = halves(torch.full((3,), 0.25), (2, 4, 4), frames, audio).heatmap
    uniform = heatmap.eq(1).all(dim=3).all(dim=2)
    assert uniform.tolist() == [[True, True], [False, False], [False, False]]


def test_boxes_and_given_maps_are_no_sounds():
    torch.manual_seed(0)  # of one draw in some hundreds, a token outside of the box
    frames = torch.rand(2, 2, 3, 32, 32)
    whole = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(2, 2, 4)
    boxes = whole.clone()
    boxes[:, :, 2:] = 0.5
    masker = ASLGuided(Oracle(size=4))
    result = masker(torch.full((2,), 0.25), (2, 4, 4), frames, boxes)
    corner = torch.zeros(4, 4, dtype=torch.bool)
    corner[:2, :2] = True
    assert torch.equal(result.mask, corner.flatten().expand(2, 2, 16))
    rows = torch.arange(4.0)[:, None].expand(2, 2, 4, 4)  # the same all along each row
    result = ASLGuided(PrecomputedMap())(torch.full((2,), 0.25), (2, 4, 4), frames, rows)
    torch.testing.assert_close(result.heatmap, rows / 3)


class HearsPitch(nn.Module):
    audio_input = 'pitch'  # a key of its own

    def forward(self, frames, audio):
        return frames.mean(dim=2)


class GivenPlace(HearsPitch):
    hears_sound = False


@pytest.mark.parametrize('shape', [(2, 50), (2, 20, 3), (2, 2, 20, 3)])
def test_silence_under_a_key_of_a_plugin(shape):
    frames, audio = torch.rand(2, 2, 3, 32, 32), torch.rand(shape)
    audio[1] = 0.5
    for wrap in (lambda inner: inner, lambda inner: ObjectGuided(inner, object_weights=False)):
        for localizer, counted in ((HearsPitch(), 2), (GivenPlace(), 0)):
            masker = ASLGuided(wrap(localizer))
            heatmap = masker(torch.full((2,), 0.25), (2, 4, 4), frames, audio).heatmap
            assert heatmap[1].eq(1).all() == bool(counted)
            assert not heatmap[0].eq(1).all()
            assert int(masker.degenerate_maps.count) == counted


@pytest.mark.parametrize('shape', [(2,), (2, 1), (2, 2, 1)])
def test_single_numbers_are_no_silence(shape):
    frames, loudness = torch.rand(2, 2, 3, 32, 32), torch.rand(shape)
    masker = ASLGuided(HearsPitch())
    masker(torch.full((2,), 0.25), (2, 4, 4), frames, loudness)
    assert int(masker.degenerate_maps.count) == 0


def test_localizer_is_frozen_in_eval_mode_without_gradient():
    localizer = StubLocalizer(torch.rand(1, 1, 2, 2))
    masker = ASLGuided(localizer).train()
    assert masker.training
    assert not localizer.training
    assert not localizer.norm.training
    nn.Sequential(masker).train()
    assert not localizer.norm.training
    assert not any(parameter.requires_grad for parameter in masker.parameters())
    result = masker(
        torch.tensor([0.5]), (1, 2, 2), torch.zeros(1, 1, 3, 4, 4), torch.zeros(1, 2, 2)
    )
    assert (localizer.was_training, localizer.had_grad) == (False, False)
    assert not result.ratio.requires_grad


def test_init_weights_of_a_mixer_reaches_the_localizer():
    class Initialized(BaseModule):
        def __init__(self):
            super().__init__(init_cfg=dict(type='Constant', layer='Linear', val=3.0))
            self.layer = nn.Linear(2, 2)

        def forward(self, frames, audio):
            return frames.mean(dim=2)

    localizer = Initialized()
    TokenMix(ASLGuided(localizer)).init_weights()
    assert localizer.layer.weight.eq(3).all()
    assert not localizer.layer.weight.requires_grad


def wrapped(save_localizer):
    masker = ASLGuided(StubLocalizer(torch.rand(1, 1, 2, 2)), save_localizer=save_localizer)
    return nn.ModuleDict(dict(masker=masker, head=nn.Linear(2, 2)))


@pytest.mark.parametrize('collect', [nn.Module.state_dict, get_state_dict])
def test_localizer_is_saved_only_if_asked(collect):
    assert set(collect(wrapped(False))) == {'head.weight', 'head.bias'}
    saved = collect(wrapped(True))
    assert 'masker.localizer.scale' in saved
    assert len(saved) == 2 + 6
    assert set(collect(copy.deepcopy(wrapped(False)))) == {'head.weight', 'head.bias'}


def test_checkpoint_without_localizer_loads_and_keeps_its_weights():
    model = wrapped(False)
    with torch.no_grad():
        model['masker'].localizer.scale.fill_(3)
    checkpoint = wrapped(False).state_dict()
    assert not any(model.load_state_dict(checkpoint, strict=True))
    load_state_dict(model, checkpoint, strict=True)
    assert model['masker'].localizer.scale == 3
    assert set(checkpoint) == {'head.weight', 'head.bias'}
    del checkpoint['head.bias']
    with pytest.raises(RuntimeError, match=r'Missing key.*head\.bias'):
        model.load_state_dict(checkpoint)


def test_checkpoint_with_localizer_is_loaded():
    source, target = wrapped(True), wrapped(False)
    with torch.no_grad():
        source['masker'].localizer.scale.fill_(3)
    target.load_state_dict(source.state_dict())
    assert target['masker'].localizer.scale == 3
    incomplete = source.state_dict()
    del incomplete['masker.localizer.scale']
    with pytest.raises(RuntimeError, match=r'Missing key.*localizer\.scale'):
        target.load_state_dict(incomplete)


def test_save_localizer_needs_it_in_the_checkpoint():
    with pytest.raises(RuntimeError, match=r'Missing key.*localizer\.scale'):
        wrapped(True).load_state_dict(wrapped(False).state_dict())


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(frames_per_map=0), '`frames_per_map` to be at least 1, but got 0'),
        (dict(floor=0), r'`floor` to be in \(0, 1\], but got 0'),
        (dict(interpolation='area'), "`interpolation` to be one of .* but got 'area'"),
    ],
)
def test_wrong_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        ASLGuided(StubLocalizer(torch.rand(1, 1, 2, 2)), **kwargs)


def test_wrong_inputs():
    masker = ASLGuided(StubLocalizer(torch.rand(1, 2, 2, 2)), frames_per_map=4)
    frames, audio, ratio = something(1, 2, 3, 4, 4), something(1, 2, 2), torch.tensor([0.5])
    with pytest.raises(ValueError, match='got no `frames`'):
        masker(ratio, (2, 2, 2), None, audio)
    with pytest.raises(ValueError, match='got no `audio`'):
        masker(ratio, (2, 2, 2), frames, None)
    with pytest.raises(ValueError, match=r'B=1 and T=4 on cpu, .* but got float32 \(1, 2, 2, 2\)'):
        masker(ratio, (4, 2, 2), frames, audio)
    with pytest.raises(ValueError, match='to divide the 2 frames of a clip, but got 4'):
        masker(ratio, (2, 2, 2), frames, audio)


def test_built_from_a_config_with_a_registered_localizer():
    @LOCALIZERS.register_module(name='_ThirdPartyLocalizer')
    class Bright(nn.Module):
        def forward(self, frames, audio):
            return frames.mean(dim=2)

    try:
        masker = MASKERS.build(dict(type='ASLGuided', localizer=dict(type='_ThirdPartyLocalizer')))
    finally:
        LOCALIZERS.module_dict.pop('_ThirdPartyLocalizer')
    frames = torch.rand(1, 2, 3, 8, 8)
    heatmap = masker(torch.tensor([0.5]), (2, 4, 4), frames, torch.zeros(1, 4, 4)).heatmap
    assert heatmap.shape == (1, 2, 4, 4)
    with pytest.raises(ConfigError, match='is not a localizer'):
        MASKERS.build(dict(type='ASLGuided', localizer=dict(type='TubeToken')))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
def test_no_wait_for_the_device():
    masker = ASLGuided(StubLocalizer(torch.rand(2, 2, 7, 7, device='cuda'))).cuda()
    inputs = torch.rand(2, 2, 3, 8, 8, device='cuda'), torch.rand(2, 4, 4, device='cuda')
    ratio = torch.rand(2, device='cuda')
    masker(ratio, (2, 14, 14), *inputs)
    torch.cuda.set_sync_debug_mode('error')
    try:
        result = masker(ratio, (2, 14, 14), *inputs)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert torch.equal(result.mask.sum(-1), (ratio * 196).round().long()[:, None].expand(2, 2))
