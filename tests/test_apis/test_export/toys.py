"""Small networks, random clips for them, and what runs an exported program."""

import onnxruntime
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmavssl.datasets
import mmavssl.models  # noqa: F401  (fills the registries)
from mmavssl.apis.export import export_recognizer
from mmavssl.registry import MODELS
from mmavssl.utils.errors import ConfigError

SIZE = dict(num_frames=2, size=32, audio_frames=48, num_mel_bins=32)
CLASSES = 5


def make_config(attention='divided', fusion='concat') -> Config:
    built_for = (16, 4) if attention == 'joint' else (32, 2)
    student = dict(
        type='AVRecognizer',
        backbone=dict(
            type='TimeSformer', attention_type=attention, patch_size=8, img_size=built_for[0],
            num_frames=built_for[1], embed_dims=32, depth=1, num_heads=2,
            init_cfg=dict(type='Pretrained', checkpoint='no/such/file.pth'),
        ),
        head=dict(type='ClsHead', in_channels=64 if fusion else 32, num_classes=CLASSES),
    )  # fmt: skip
    if fusion:
        student['audio_backbone'] = dict(
            type='ASTEncoder', embed_dims=32, depth=1, num_heads=2, num_mel_bins=32, num_frames=48
        )
        student['fusion'] = dict(
            type='TransformerFusion', video_dims=32, audio_dims=32, mode=fusion, num_layers=1,
            num_heads=4, feedforward_channels=48,
        )  # fmt: skip
    model = dict(
        type='SemiSupervisedRecognizer',
        data_preprocessor=dict(mean=[0.4, 0.5, 0.6], std=[0.2, 0.3, 0.4]),
        student=student,
        threshold=dict(type='FixedThreshold'),
    )
    cfg = Config(dict(model=model, input_size=SIZE))
    return named(cfg)


def named(cfg: Config) -> Config:
    """Give a config the name of a file."""
    object.__setattr__(cfg, '_filename', '/somewhere/configs/method/name.py')
    return cfg


def build(cfg: Config, seed: int = 0) -> torch.nn.Module:
    """Return the algorithm with weights that make scores depend on all of the input."""
    init_default_scope('mmavssl')
    torch.manual_seed(seed)
    algorithm = MODELS.build(cfg.model)
    for parameter in algorithm.parameters():
        torch.nn.init.normal_(parameter, std=0.25)
    return algorithm.eval()


class Pixels(torch.nn.Linear):
    """A backbone of few operations, which take no time to be traced."""

    def __init__(self):
        super().__init__(3 * 2 * 4 * 4, 32)

    def forward(self, video):
        return super().forward(video[..., ::8, ::8].flatten(1)).tanh()


def make_clips(cfg: Config, count: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(count)
    noise = torch.randint(0, 128, (count, 3, 2, 32, 32), dtype=torch.uint8)
    clips = {'video': noise + torch.randint(0, 128, (count, 3, 1, 1, 1), dtype=torch.uint8)}
    if 'audio_backbone' in cfg.model.student:
        clips['audio'] = torch.randn(count, 48, 32) + 2 * torch.randn(count, 1, 32)
    return clips


def expected_scores(algorithm, role, clips) -> torch.Tensor:
    """Return what testing computes; a test video has one view here."""
    algorithm.test_with = role
    views = {name: value[:, None] for name, value in clips.items()}
    data = algorithm.data_preprocessor({'inputs': views})
    with torch.no_grad():
        logits = algorithm({k: v[:, 0] for k, v in data['inputs'].items()}, mode='tensor')
    return logits.softmax(-1)


def open_onnx(path):
    session = onnxruntime.InferenceSession(path)

    def run(clips) -> torch.Tensor:
        assert [value.name for value in session.get_inputs()] == list(clips)
        [scores] = session.run(['scores'], {name: value.numpy() for name, value in clips.items()})
        return torch.from_numpy(scores)

    return run


def open_torch(path):
    module = torch.export.load(path).module()
    return lambda clips: module(**clips)


OPEN = {'onnx': open_onnx, 'pt2': open_torch}


def error(*args, **kwargs) -> str:
    with pytest.raises(ConfigError) as info:
        export_recognizer(*args, **kwargs)
    assert '\n' not in str(info.value)
    return str(info.value)
