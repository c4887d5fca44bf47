import pytest
import torch

from mmavssl.models.mixers import CutMix


def clips(batch, num_frames=2, height=12, width=20):
    """Clip i is all i, so that a mixed clip tells where its pixels come from."""
    return (
        torch.arange(float(batch)).view(-1, 1, 1, 1, 1).expand(batch, 3, num_frames, height, width)
    )


@pytest.mark.parametrize('per_batch', [False, True])
def test_one_box_through_all_frames_and_its_exact_ratio(per_batch):
    torch.manual_seed(0)
    batch = 40
    audio, partner = torch.randn(batch, 4, 3), torch.randperm(batch).roll(1)
    result = CutMix(1.0, 1.0, per_batch=per_batch)(clips(batch), audio, partner)
    boxes = set()
    for i in range(batch):
        from_partner = result.video[i] == partner[i]
        assert ((result.video[i] == i) | from_partner).all()
        assert (from_partner == from_partner[:1, :1]).all()
        box = from_partner[0, 0].nonzero()
        if partner[i] == i:
            continue
        area = len(box)
        if area:
            (top, left), (bottom, right) = box.amin(0).tolist(), box.amax(0).tolist()
            assert area == (bottom - top + 1) * (right - left + 1)
            boxes.add((top, left, bottom, right))
        torch.testing.assert_close(float(result.ratio[i]), 1 - area / 240, atol=1e-6, rtol=0)
        expected = result.ratio[i] * audio[i] + (1 - result.ratio[i]) * audio[partner[i]]
        torch.testing.assert_close(result.audio[i], expected)
    assert len(boxes) == 1 if per_batch else len(boxes) > 10


def test_box_sides_and_centre():
    torch.manual_seed(0)
    span = CutMix().draw_span(torch.full((20000,), 0.75), 10)
    inside = span.sum(dim=1)
    # Side 5 around a uniform centre c covers c - 2 .. c + 2 of 0 .. 9.
    expected = torch.tensor([min(c + 2, 9) - max(c - 2, 0) + 1 for c in range(10)])
    for size in (3, 4, 5):
        share = (inside == size).float().mean()
        assert abs(share - (expected == size).float().mean()) < 0.02
    coverage = torch.tensor([sum(abs(p - c) <= 2 for c in range(10)) / 10 for p in range(10)])
    torch.testing.assert_close(span.float().mean(dim=0), coverage, atol=0.02, rtol=0)


def test_extreme_ratios():
    cut_mix = CutMix()
    assert not cut_mix.draw_span(torch.ones(50), 8).any()
    whole = cut_mix.draw_span(torch.zeros(50), 8)
    assert (whole.sum(dim=1) >= 4).all()
