import torch

from mmavssl.models.maskers import FrameToken


def test_whole_frames_and_their_ratio():
    torch.manual_seed(0)
    result = FrameToken()(torch.tensor([0.05, 0.3, 0.8, 1.0]), (8, 3, 3))
    kept = result.mask.float().mean(dim=-1)
    assert ((kept == 0) | (kept == 1)).all()
    assert kept.sum(dim=-1).tolist() == [0, 2, 6, 8]
    torch.testing.assert_close(result.ratio, torch.tensor([0, 0.25, 0.75, 1]))


def test_every_frame_is_equally_likely():
    torch.manual_seed(0)
    kept = FrameToken()(torch.full((4000,), 0.25), (4, 1, 1)).mask.flatten(1)
    counts = kept.sum(dim=0)
    assert counts.sum() == 4000
    assert float(((counts - 1000.0) ** 2 / 1000).sum()) < 11.34  # 1 % of 3 degrees of freedom
