import torch

from mmavssl.models.maskers import TubeToken


def test_one_pattern_per_sample_constant_over_time():
    torch.manual_seed(0)
    result = TubeToken()(torch.tensor([0.0, 0.25, 0.3, 0.5, 1.0]), (8, 14, 14))
    assert (result.mask == result.mask[:, :1]).all()
    assert result.mask[:, 0].sum(dim=-1).tolist() == [0, 49, 59, 98, 196]
    expected = torch.tensor([0, 49 / 196, 59 / 196, 0.5, 1])
    torch.testing.assert_close(result.ratio, expected)


def test_samples_differ():
    torch.manual_seed(0)
    mask = TubeToken()(torch.full((4,), 0.5), (2, 14, 14)).mask[:, 0]
    assert len({tuple(row.tolist()) for row in mask}) == 4


def test_mask_is_a_tensor_of_its_own():
    mask = TubeToken()(torch.tensor([0.5]), (2, 4, 4)).mask
    mask[0, 0] = False
    assert mask[0, 1].sum() == 8
