"""Whatever the layout, a backbone gets its weights from it."""

import pytest
import torch

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.utils import ConfigError
from tests.fidelity import published

VIDEO = dict(embed_dims=128, num_heads=2, img_size=32, num_frames=4)
AUDIO = dict(embed_dims=128, num_heads=2, num_frames=64)
HF_DIST_TOKEN = 'audio_spectrogram_transformer.embeddings.distillation_token'


@pytest.mark.parametrize('kind', [TimeSformer, ASTEncoder])
def test_files_of_something_else(tmp_path, from_checkpoint, kind):
    torch.save({'conv1.weight': torch.ones(1), 'fc.bias': torch.ones(1)}, tmp_path / 'resnet.pth')
    with pytest.raises(ConfigError, match=r'resnet\.pth .*its tensors \(conv1.weight, fc.bias, '):
        from_checkpoint(kind, tmp_path / 'resnet.pth')


def save_algorithm(path):
    """Save an audio-visual student and teacher, as an algorithm does."""
    state = {}
    for i, network in enumerate(('student', 'teacher')):
        torch.manual_seed(i)
        parts = {'backbone': TimeSformer(**VIDEO, depth=2)}
        parts['audio_backbone'] = ASTEncoder(**AUDIO, depth=2)
        for part, module in parts.items():
            for name, tensor in module.state_dict().items():
                state[f'{network}.{part}.{name}'] = tensor
        state[f'{network}.head.fc.weight'] = torch.ones(3, 256)
    state |= {'teacher_steps': torch.tensor(4), 'threshold.status': torch.ones(3)}
    torch.save({'state_dict': state, 'meta': {'epoch': 1}}, path)
    return state


@pytest.mark.parametrize(
    ('kind', 'part', 'size'),
    [(TimeSformer, 'backbone', VIDEO), (ASTEncoder, 'audio_backbone', AUDIO)],
)
def test_its_part_of_a_recognizer_of_ours(tmp_path, from_checkpoint, table, kind, part, size):
    state = save_algorithm(tmp_path / 'epoch_1.pth')
    network = from_checkpoint(kind, tmp_path / 'epoch_1.pth', **size)
    for name, tensor in network.state_dict().items():
        assert tensor.equal(state[f'student.{part}.{name}']), name
    other = {'backbone': 'audio_backbone', 'audio_backbone': 'backbone'}[part]
    rows = [row.split()[1] for row in table('dropped')]
    assert set(rows) == {
        f'student.{other}.*', 'student.head.*', 'teacher.*', 'teacher_steps', 'threshold.*',
    }  # fmt: skip
    prefix = dict(prefix=f'teacher.{part}.')
    network = from_checkpoint(kind, tmp_path / 'epoch_1.pth', **size, init_cfg=prefix)
    assert network.norm.weight.equal(state[f'teacher.{part}.norm.weight'])
    assert network.cls_token.equal(state[f'teacher.{part}.cls_token'])


def test_recognizer_alone_without_the_part(tmp_path, from_checkpoint):
    network = TimeSformer(**VIDEO, depth=2)
    state = {f'backbone.{name}': tensor for name, tensor in network.state_dict().items()}
    torch.save(state, tmp_path / 'video.pth')
    loaded = from_checkpoint(TimeSformer, tmp_path / 'video.pth', **VIDEO)
    torch.testing.assert_close(loaded.state_dict(), network.state_dict(), rtol=0, atol=0)
    with pytest.raises(ConfigError, match='it is a recognizer without `audio_backbone`'):
        from_checkpoint(ASTEncoder, tmp_path / 'video.pth', **AUDIO)


@pytest.mark.parametrize(
    ('layout', 'expected'),
    [
        ('mae', {'decoder_*', 'mask_token'}),
        ('mae_finetuned', {'head.*'}),
        ('videomae', {'decoder.*', 'encoder_to_decoder.*', 'mask_token'}),
        ('videomae_finetuned', {'head.*'}),
        ('timm_vit', {'head.*'}),
        ('timesformer', {'head.*'}),
        ('svformer', {'head.*'}),
    ],
)
def test_video_backbone_of_each_layout(tmp_path, from_checkpoint, table, layout, expected):
    torch.save({'model': getattr(published, layout)()}, tmp_path / 'a.pth')
    network = from_checkpoint(TimeSformer, tmp_path / 'a.pth', **VIDEO)
    assert {row.split()[1] for row in table('dropped')} == expected
    assert network(torch.randn(1, 3, 4, 32, 32)).isfinite().all()


@pytest.mark.parametrize(
    ('layout', 'expected'),
    [
        ('ast', {'v.head.*', 'v.head_dist.*', 'mlp_head.*', 'v.dist_token'}),
        (
            'hf_ast',
            {'classifier.*', 'audio_spectrogram_transformer.embeddings.distillation_token'},
        ),
        ('timm_vit', {'head.*'}),
        ('mae', {'decoder_*', 'mask_token'}),
    ],
)
def test_audio_backbone_of_each_layout(tmp_path, from_checkpoint, table, layout, expected):
    torch.save(getattr(published, layout)(), tmp_path / 'a.pth')
    network = from_checkpoint(ASTEncoder, tmp_path / 'a.pth', **AUDIO)
    assert {row.split()[1] for row in table('dropped')} == expected
    assert network(torch.randn(1, 64, 128)).isfinite().all()
