from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mmavssl.models.backbones import TimeSformer
from mmavssl.models.maskers import ASLGuided, FrameToken, MaskResult, RandomToken, TubeToken
from mmavssl.models.mixers import TokenMix
from mmavssl.models.mixers.token_mix import evidence_ratio, mix_blocks
from mmavssl.registry import MIXERS

DATA = Path(__file__).parents[2] / 'data'


class RecordingMasker(nn.Module):
    """Keeps the first token only and remembers what it was asked."""

    needs_localization = True

    def forward(self, ratio, grid, frames=None, audio=None):
        self.asked = (ratio, grid, frames, audio)
        num_frames, height, width = grid
        mask = torch.zeros(len(ratio), num_frames, height * width, dtype=torch.bool)
        mask[..., 0] = True
        return MaskResult(mask, mask.float().mean((1, 2)), torch.rand(len(ratio), *grid))


def batch(height=8, width=12):
    generator = torch.Generator().manual_seed(0)
    video = torch.randn(3, 3, 2, height, width, generator=generator)
    return video, torch.randn(3, 5, 4, generator=generator), torch.tensor([1, 2, 0])


@pytest.mark.parametrize('masker', [TubeToken(), RandomToken(), FrameToken()])
def test_equals_mixing_patch_embeddings(masker):
    torch.manual_seed(0)
    video, audio, partner = batch()
    result = TokenMix(masker, patch_size=4)(video, audio, partner)
    embed = nn.Conv2d(3, 16, kernel_size=4, stride=4)

    def tokens(clips):
        return (
            embed(clips.transpose(1, 2).flatten(0, 1))
            .flatten(2)
            .transpose(1, 2)
            .unflatten(0, (3, 2))
        )

    keep = result.mask[..., None].float()
    expected = tokens(video) * keep + tokens(video[partner]) * (1 - keep)
    torch.testing.assert_close(tokens(result.video), expected)
    torch.testing.assert_close(result.ratio, result.mask.float().mean((1, 2)))


def official_network():
    """TimeSformer with the fixture's weights, which the original SVFormer mixing used as well."""
    network = TimeSformer(
        img_size=32, num_frames=4, embed_dims=48, depth=2, num_heads=3, drop_path_rate=0
    )
    with np.load(DATA / 'parity_timesformer.npz') as fixture:
        prefix = 'sd/model.'
        weights = {
            name.removeprefix(prefix): torch.from_numpy(fixture[name])
            for name in fixture.files
            if name.startswith(prefix) and '.head.' not in name
        }
    network.load_state_dict(weights)
    return network.eval()


def test_equals_mixing_between_embed_and_encode():
    network = official_network()
    with np.load(DATA / 'parity_svformer_mix.npz') as fixture:
        first, second = torch.from_numpy(fixture['clips']).chunk(2)
        mask = torch.from_numpy(fixture['mask']).bool()
        official = torch.from_numpy(fixture['cls_feat'])
    keep = mask[..., None].float()
    with torch.no_grad():
        tokens = network.embed(first) * keep + network.embed(second) * (1 - keep)
        mixed = mix_blocks(first, second, mask, 16)
        torch.testing.assert_close(network.embed(mixed), tokens)
        torch.testing.assert_close(network(mixed), network.encode(tokens, (2, 2)))
        torch.testing.assert_close(network(mixed), official, atol=1e-5, rtol=1e-5)


def test_mix_blocks_in_loops():
    torch.manual_seed(0)
    first, second = torch.rand(2, 1, 2, 4, 6), torch.rand(2, 1, 2, 4, 6)
    mask = torch.rand(2, 2, 6) < 0.5
    mixed = mix_blocks(first, second, mask, 2)
    for b in range(2):
        for t in range(2):
            for y in range(4):
                for x in range(6):
                    source = first if mask[b, t, y // 2 * 3 + x // 2] else second
                    assert mixed[b, 0, t, y, x] == source[b, 0, t, y, x]


def test_audio_has_the_realised_ratio():
    torch.manual_seed(0)
    video, audio, partner = batch()
    mixer = TokenMix(FrameToken(), patch_size=4)
    result = mixer(video, audio, partner)
    assert set((result.ratio * 2).tolist()) <= {0.0, 1.0, 2.0}
    ratio = result.ratio[:, None, None]
    torch.testing.assert_close(result.audio, ratio * audio + (1 - ratio) * audio[partner])


def test_audio_has_the_drawn_ratio_where_asked():
    video, audio, partner = batch()
    mixer = TokenMix(TubeToken(), patch_size=4, audio_ratio='drawn')
    torch.manual_seed(0)
    result = mixer(video, audio, partner)
    torch.manual_seed(0)
    drawn = mixer.draw_ratio(3, torch.device('cpu'))
    assert torch.equal(result.ratio, drawn)
    assert not torch.equal(result.ratio, result.mask.float().mean((1, 2)))
    ratio = drawn[:, None, None]
    torch.testing.assert_close(result.audio, ratio * audio + (1 - ratio) * audio[partner])


def slow_evidence(mask, heatmap, partner):
    """Count what is left, token by token."""
    shares = []
    for index, other in enumerate(partner.tolist()):
        left = []
        for clip, keeps in ((index, True), (other, False)):
            values = heatmap[clip].flatten(1).tolist()
            places = mask[index].tolist()
            total = sum(sum(frame) for frame in values)
            found = sum(
                value
                for frame, kept in zip(values, places, strict=True)
                for value, here in zip(frame, kept, strict=True)
                if here is keeps
            )
            left.append(found / total)
        shares.append(left[0] / sum(left))
    return torch.tensor(shares)


def test_audio_has_the_ratio_of_the_evidence_where_asked():
    video, audio, partner = batch()
    mixer = TokenMix(RecordingMasker(), patch_size=4, audio_ratio='evidence')
    torch.manual_seed(0)
    result = mixer(video, audio, partner, frames=torch.rand(3, 2, 3, 8, 12))
    expected = slow_evidence(result.mask, result.heatmap, partner)
    torch.testing.assert_close(result.ratio, expected)
    assert (result.ratio - result.mask.float().mean((1, 2))).abs().max() > 0.01
    ratio = result.ratio[:, None, None]
    torch.testing.assert_close(result.audio, ratio * audio + (1 - ratio) * audio[partner])


def test_evidence_is_the_share_of_tokens_where_maps_tell_nothing():
    mask = torch.rand(3, 2, 6) < 0.4
    ratio = evidence_ratio(mask, torch.ones(3, 2, 2, 3), torch.tensor([1, 2, 0]))
    torch.testing.assert_close(ratio, mask.float().mean((1, 2)))


def test_nothing_left_of_either_is_half_of_each():
    heatmap = torch.tensor([[[[1.0, 0.0]]], [[[0.0, 1.0]]]])
    mask = torch.tensor([[[False, True]], [[True, False]]])
    partner = torch.tensor([1, 0])
    assert evidence_ratio(mask, heatmap, partner).tolist() == [0.5, 0.5]
    assert evidence_ratio(mask, 0 * heatmap, partner).tolist() == [0.5, 0.5]


def test_svformer_draws_once_per_batch():
    torch.manual_seed(0)
    video, audio, partner = batch()
    result = TokenMix(TubeToken(per_batch=True), patch_size=4, audio_ratio='drawn')(
        video, audio, partner
    )
    assert result.ratio.unique().numel() == 1
    assert (result.mask == result.mask[:1, :1]).all()
    one_ratio = TokenMix(TubeToken(), patch_size=4, per_batch=True)(video, audio, partner)
    assert one_ratio.ratio.unique().numel() == 1
    assert not (one_ratio.mask == one_ratio.mask[:1]).all()


def test_guide_reaches_the_masker():
    masker = RecordingMasker()
    mixer = TokenMix(masker, patch_size=4)
    assert mixer.needs_localization
    assert not TokenMix(TubeToken()).needs_localization
    video, audio, partner = batch()
    frames, clean = torch.rand(3, 2, 3, 8, 12), torch.rand(3, 5, 4)
    result = mixer(video, audio, partner, frames=frames, audio_clean=clean)
    ratio, grid, seen_frames, seen_audio = masker.asked
    assert ratio.shape == (3,)
    assert grid == (2, 2, 3)
    assert seen_frames is frames
    assert seen_audio is clean
    assert result.heatmap.shape == (3, 2, 2, 3)
    mixer(video, audio, partner, frames=frames)
    assert masker.asked[3] is audio


def test_guided_mix_keeps_where_the_map_is_high():
    class Map(nn.Module):
        def forward(self, frames, audio):
            maps = torch.zeros(*frames.shape[:2], 4, 4)
            maps[..., :2] = 1
            return maps

    video = torch.arange(2.0).view(2, 1, 1, 1, 1).expand(2, 3, 2, 16, 16)
    mixer = TokenMix(ASLGuided(Map(), floor=1e-6), patch_size=4, alpha=5, beta=50)
    torch.manual_seed(0)
    result = mixer(
        video, torch.rand(2, 4, 4), torch.tensor([1, 0]), frames=torch.rand(2, 2, 3, 16, 16)
    )
    assert (result.ratio <= 0.5).all()
    assert (result.ratio > 0).all()
    assert (result.video[0, ..., 8:] == 1).all()
    assert (result.video[1, ..., 8:] == 0).all()


def test_video_alone_and_registered():
    mixer = MIXERS.build(dict(type='TokenMix', masker=dict(type='TubeToken'), patch_size=4))
    video, _, partner = batch()
    result = mixer(video, None, partner)
    assert result.audio is None
    assert result.video.shape == video.shape


def test_input_is_not_changed():
    video, audio, partner = batch()
    copies = video.clone(), audio.clone()
    TokenMix(TubeToken(), patch_size=4)(video, audio, partner)
    assert torch.equal(video, copies[0])
    assert torch.equal(audio, copies[1])


def test_errors():
    video, audio, partner = batch(height=10)
    with pytest.raises(ValueError, match='multiples of `patch_size` 4, but got 10 x 12'):
        TokenMix(TubeToken(), patch_size=4)(video, audio, partner)
    with pytest.raises(ValueError, match='`patch_size` to be at least 1, but got 0'):
        TokenMix(TubeToken(), patch_size=0)
    with pytest.raises(ValueError, match=r"`audio_ratio` to be one of .*, but got 'both'"):
        TokenMix(TubeToken(), audio_ratio='both')
    with pytest.raises(ValueError, match=r"'evidence'` needs a masker with .*, which TubeToken"):
        TokenMix(TubeToken(), audio_ratio='evidence')


def test_evidence_of_a_masker_that_keeps_its_maps_to_itself():
    class Silent(RecordingMasker):
        def forward(self, *args, **kwargs):
            return super().forward(*args, **kwargs)._replace(heatmap=None)

    mixer = TokenMix(Silent(), patch_size=4, audio_ratio='evidence')
    with pytest.raises(ValueError, match='maps of the masker, but Silent returns no `heatmap`'):
        mixer(*batch())
