import pytest
import torch

from mmavssl.models.recognizers import AvCLRStudent
from mmavssl.utils.errors import ConfigError
from tests.small_methods import AVCLR, CLIP, SOUND

CFG = {key: value for key, value in AVCLR['student'].items() if key != 'type'}


@torch.no_grad()
def test_embeddings_are_unit_vectors_of_one_modality_each():
    student = AvCLRStudent(**CFG).eval()
    video, audio = torch.randn(3, *CLIP), torch.randn(3, *SOUND)
    output = student(video, audio)
    assert output.logits.shape == (3, 3)
    embeddings = student.embed(output)
    joint = embeddings.joint()
    assert joint.shape == (3, student.joint_dims) == (3, 16)
    for part in (*embeddings, joint):
        torch.testing.assert_close(part.norm(dim=-1), torch.ones(3))
    torch.testing.assert_close(joint[:, :8] * 2**0.5, embeddings.video)
    torch.testing.assert_close(joint[:, 8:] * 2**0.5, embeddings.audio)
    other = student.embed(student(video, torch.randn(3, *SOUND)))
    assert torch.equal(other.video, embeddings.video)
    assert not torch.equal(other.audio, embeddings.audio)


def test_errors():
    wrong = {**CFG, 'audio_projection': {**CFG['audio_projection'], 'in_channels': 5}}
    with pytest.raises(ConfigError, match=r'`audio_projection.in_channels` to be 6'):
        AvCLRStudent(**wrong)
    wrong = {**CFG, 'audio_projection': {**CFG['audio_projection'], 'out_channels': 5}}
    with pytest.raises(ConfigError, match=r'`audio_projection.out_channels` .* 8, but got 5'):
        AvCLRStudent(**wrong)
