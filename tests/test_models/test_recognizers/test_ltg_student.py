import pytest
import torch

from mmavssl.models.recognizers import LTGStudent
from mmavssl.utils.errors import ConfigError
from tests.small_methods import CLIP, LTG

CFG = {key: value for key, value in LTG['student'].items() if key != 'type'}


@torch.no_grad()
def test_frames_alone_are_classified():
    student = LTGStudent(**CFG).eval()
    video = torch.randn(2, *CLIP)
    output = student(video, torch.randn(2, 5, 5))
    assert output.logits.shape == (2, 3)
    assert output.audio_feat is None
    for name in ('rgb', 'gradient'):
        staged = student.staged(name, video)
        expected = student.get_submodule(name)(video)
        torch.testing.assert_close(staged.logits, expected.logits)
        torch.testing.assert_close(staged.feature, expected.video_feat)
        assert [stage.shape[1] for stage in staged.stages] == [2, 4, 8, 16]
        assert student.project(name, staged.feature).shape == (2, 8)
    assert torch.equal(output.logits, student.staged('rgb', video).logits)
    assert not torch.equal(output.logits, student.staged('gradient', video).logits)


def test_networks_share_nothing():
    student = LTGStudent(**CFG)
    first, second = student.rgb.state_dict(), student.gradient.state_dict()
    assert first.keys() == second.keys()
    name = 'backbone.conv1.conv.weight'
    assert not torch.equal(first[name], second[name])
    assert student.rgb_projection is not student.gradient_projection
    assert {name.split('.')[0] for name, _ in student.named_parameters()} == {
        'rgb', 'gradient', 'rgb_projection', 'gradient_projection',
    }  # fmt: skip


def test_errors():
    frames = {'type': 'TimeSformer', 'img_size': 16, 'embed_dims': 16, 'depth': 1, 'num_heads': 2}
    with pytest.raises(ConfigError, match='TimeSformer has no `stages`'):
        LTGStudent(frames, CFG['head'])
    with pytest.raises(ConfigError, match=r'`projection.in_channels` to be 16, .* but got 9'):
        LTGStudent(CFG['backbone'], CFG['head'], {**CFG['projection'], 'in_channels': 9})
