import pytest
import torch

from mmavssl.models.fusions import ConcatFusion


def test_features_are_side_by_side():
    fusion = ConcatFusion(video_dims=3, audio_dims=2)
    video, audio = torch.randn(4, 3), torch.randn(4, 2)
    fused = fusion(video, audio)
    assert fused.shape == (4, fusion.out_dims) == (4, 5)
    assert torch.equal(fused[:, :3], video)
    assert torch.equal(fused[:, 3:], audio)
    assert not list(fusion.parameters())


def test_errors():
    with pytest.raises(ValueError, match='`audio_dims` to be at least 1, but got 0'):
        ConcatFusion(3, 0)
