import pytest
import torch

from mmavssl.models.mixers import MixUp


@pytest.mark.parametrize('per_batch', [False, True])
def test_video_and_audio_are_mixed_by_the_same_ratio(per_batch):
    torch.manual_seed(0)
    video, audio = torch.randn(4, 3, 2, 4, 6), torch.randn(4, 5, 8)
    partner = torch.tensor([1, 2, 3, 3])
    result = MixUp(5.0, 10.0, per_batch=per_batch)(video, audio, partner)
    assert result.ratio.unique().numel() == (1 if per_batch else 4)
    for i in range(4):
        r = result.ratio[i]
        torch.testing.assert_close(result.video[i], r * video[i] + (1 - r) * video[partner[i]])
        torch.testing.assert_close(result.audio[i], r * audio[i] + (1 - r) * audio[partner[i]])
    torch.testing.assert_close(result.video[3], video[3])
    assert result.mask is None
    assert result.heatmap is None


def test_video_alone():
    result = MixUp()(torch.randn(2, 3, 1, 4, 4), None, torch.tensor([1, 0]))
    assert result.audio is None
    assert not MixUp.needs_localization
