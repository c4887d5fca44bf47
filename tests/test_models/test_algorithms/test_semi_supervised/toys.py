"""Small models of the methods that mix tokens."""

import torch
from torch import nn

from mmavssl.models.algorithms import SemiSupervisedRecognizer
from tests.test_models.test_algorithms.toys import NUM_CLASSES, student_cfg


class ToyLocalizer(nn.Module):
    """A localizer with parameters and batch statistics, to see whether they stay as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 4, stride=4)
        self.bn = nn.BatchNorm2d(1)

    def forward(self, frames: torch.Tensor, audio: torch.Tensor) -> torch.Tensor:
        maps = self.bn(self.conv(frames.flatten(0, 1))).unflatten(0, frames.shape[:2])
        return maps[:, :, 0] * audio.mean(dim=(1, 2))[:, None, None, None]


def build(method: str = 'asl_mix', **kwargs) -> SemiSupervisedRecognizer:
    torch.manual_seed(0)
    masker = {'type': 'TubeToken'}
    if method == 'asl_mix':
        masker = {'type': 'ASLGuided', 'localizer': kwargs.pop('localizer', ToyLocalizer())}
        kwargs.setdefault('contrast', {'type': 'AVContrastiveLoss'})
    threshold = 'FixedThreshold' if method == 'svformer' else 'FlexThreshold'
    kwargs.setdefault('threshold', {'type': threshold, 'threshold': 0.3})
    model = SemiSupervisedRecognizer(
        student=kwargs.pop('student', None) or student_cfg(audio=method == 'asl_mix'),
        mixer={'type': 'TokenMix', 'masker': masker, 'patch_size': 4},
        **kwargs,
    )
    model.threshold.setup(num_samples=20, num_classes=NUM_CLASSES)
    model.sync_teacher()
    return model.train()


def grad_norm(module: nn.Module) -> float:
    return sum(float(p.grad.abs().sum()) for p in module.parameters() if p.grad is not None)
