import torch

from mmavssl.models.maskers import RandomToken


def test_exactly_k_per_frame_independently():
    torch.manual_seed(0)
    result = RandomToken()(torch.tensor([0.3, 0.61]), (8, 14, 14))
    assert (result.mask[0].sum(dim=-1) == 59).all()
    assert (result.mask[1].sum(dim=-1) == 120).all()
    assert len({tuple(frame.tolist()) for frame in result.mask.flatten(0, 1)}) == 16
    torch.testing.assert_close(result.ratio, torch.tensor([59 / 196, 120 / 196]))


def test_frames_agree_no_more_than_by_chance():
    torch.manual_seed(0)
    mask = RandomToken()(torch.full((200,), 0.5), (2, 14, 14)).mask
    agreement = (mask[:, 0] == mask[:, 1]).float().mean()
    assert abs(agreement - 0.5) < 0.01
