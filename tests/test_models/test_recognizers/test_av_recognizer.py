import pytest
import torch
from mmengine.model import BaseModule
from torch import nn

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.models.fusions import TransformerFusion
from mmavssl.models.heads import ClsHead
from mmavssl.models.recognizers import AVRecognizer, RecognizerOutput
from mmavssl.registry import MODELS
from mmavssl.utils import ConfigError

BACKBONE = dict(
    type='TimeSformer', img_size=16, patch_size=8, embed_dims=12, num_heads=2, depth=1,
    num_frames=2,
)  # fmt: skip
AUDIO_BACKBONE = dict(
    type='ASTEncoder', embed_dims=8, depth=1, num_heads=2, num_mel_bins=16, num_frames=32
)
FUSION = dict(type='TransformerFusion', video_dims=12, audio_dims=8, num_heads=4, num_layers=1)
VIDEO, AUDIO = torch.randn(3, 3, 2, 16, 16), torch.randn(3, 32, 16)


def head(in_channels):
    return dict(type='ClsHead', in_channels=in_channels, num_classes=5)


def build(**kwargs):
    torch.manual_seed(0)
    return MODELS.build(dict(type='AVRecognizer', backbone=BACKBONE, **kwargs))


def audio_visual(**kwargs):
    parts = dict(audio_backbone=AUDIO_BACKBONE, fusion=FUSION, head=head(20))
    return build(**{**parts, **kwargs})


def test_video_only():
    network = build(head=head(12)).eval()
    output = network(VIDEO)
    assert isinstance(output, RecognizerOutput)
    feature = network.backbone(VIDEO)
    torch.testing.assert_close(output.video_feat, feature)
    torch.testing.assert_close(output.logits, network.head(feature))
    assert output.audio_feat is None
    assert network(VIDEO, AUDIO).logits.equal(output.logits)  # it does not hear


def test_audio_visual():
    network = audio_visual().eval()
    output = network(VIDEO, AUDIO)
    video_feat, audio_feat = network.backbone(VIDEO), network.audio_backbone(AUDIO)
    torch.testing.assert_close(output.video_feat, video_feat)
    torch.testing.assert_close(output.audio_feat, audio_feat)
    expected = network.head(network.fusion(video_feat, audio_feat))
    torch.testing.assert_close(output.logits, expected)
    assert output.logits.shape == (3, 5)


def test_both_modalities_learn():
    network = audio_visual()
    network(VIDEO, AUDIO).logits.square().sum().backward()
    for part in (network.backbone, network.audio_backbone, network.fusion, network.head):
        assert any(parameter.grad.abs().sum() > 0 for parameter in part.parameters())


def test_sizes_of_the_paper():
    with torch.device('meta'):
        video = AVRecognizer(TimeSformer(), ClsHead(768, 51))
        both = AVRecognizer(TimeSformer(), ClsHead(1536, 51), ASTEncoder(), TransformerFusion())
    assert sum(parameter.numel() for parameter in video.parameters()) == 121_297_971
    assert sum(parameter.numel() for parameter in both.parameters()) == 253_923_891  # 253.92M


def test_takes_built_parts():
    backbone, classifier = nn.Flatten(), ClsHead(1536, 5)
    network = AVRecognizer(backbone, classifier)
    assert network.backbone is backbone
    assert network(VIDEO).logits.shape == (3, 5)


def test_missing_audio_says_what_to_do():
    with pytest.raises(ValueError, match=r'Expected audio .* but got None\. Add `LogMel`'):
        audio_visual()(VIDEO)


@pytest.mark.parametrize('part', ['audio_backbone', 'fusion'])
def test_audio_backbone_and_fusion_go_together(part):
    with pytest.raises(ConfigError, match=f'together .* but got .*{part}=None'):
        audio_visual(**{part: None})


@pytest.mark.parametrize(
    ('parts', 'message'),
    [
        (
            dict(head=head(12)),
            '`head.in_channels` to be 20, as `fusion.out_dims`, but got 12',
        ),
        (
            dict(fusion={**FUSION, 'video_dims': 16}),
            '`fusion.video_dims` to be 12, as `backbone.embed_dims`, but got 16',
        ),
        (
            dict(fusion={**FUSION, 'audio_dims': 12}),
            '`fusion.audio_dims` to be 8, as `audio_backbone.embed_dims`, but got 12',
        ),
    ],
)
def test_widths_must_fit(parts, message):
    with pytest.raises(ConfigError, match=message):
        audio_visual(**parts)


def test_width_of_a_video_only_head():
    with pytest.raises(ConfigError, match=r'to be 12, as `backbone\.embed_dims`, but got 768'):
        build(head=head(768))


def test_parts_belong_to_their_registries():
    with pytest.raises(ConfigError, match=r"'ClsHead' is not a fusion\. It is a head"):
        audio_visual(fusion=dict(type='ClsHead'))


def test_init_weights_reaches_the_parts(tmp_path):
    torch.manual_seed(1)
    weights = TimeSformer(**{name: value for name, value in BACKBONE.items() if name != 'type'})
    torch.save(weights.state_dict(), tmp_path / 'video.pth')
    cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'video.pth'))

    class Algorithm(BaseModule):
        def __init__(self):
            super().__init__()
            self.student = MODELS.build(
                dict(type='AVRecognizer', backbone={**BACKBONE, 'init_cfg': cfg}, head=head(12))
            )

    algorithm = Algorithm()
    before = algorithm.student.head.fc.weight.clone()
    assert not algorithm.student.backbone.pos_embed.equal(weights.pos_embed)
    algorithm.init_weights()
    torch.testing.assert_close(algorithm.student.backbone.state_dict(), weights.state_dict())
    assert algorithm.student.head.fc.weight.equal(before)


def test_missing_checkpoint_is_named():
    cfg = dict(type='Pretrained', checkpoint='nowhere/vit.pth')
    network = build(head=head(12))
    network.backbone.init_cfg = cfg
    with pytest.raises(ConfigError, match=r'`init_cfg.checkpoint`: nowhere/vit.pth'):
        network.init_weights()
