"""LTG and AvCLR with networks that take milliseconds, and batches for them."""

from __future__ import annotations

import torch
from mmengine.registry import init_default_scope
from torch import Tensor, nn

import mmavssl.models  # noqa: F401  (fills the registries)
from mmavssl.registry import SSL_ALGORITHMS
from mmavssl.structures import AVDataSample

NUM_CLASSES, NUM_LABELED, NUM_UNLABELED = 3, 2, 4
CLIP, SOUND = (3, 4, 32, 32), (32, 16)
NO_SECOND_NORM = {'num_layers': 2, 'norm': False}

LTG = {
    'type': 'LTGRecognizer',
    'student': {
        'type': 'LTGStudent',
        'backbone': {'type': 'ResNet3d18', 'base_channels': 2},
        'head': {'type': 'ClsHead', 'in_channels': 16, 'num_classes': NUM_CLASSES},
        'projection': {
            'type': 'ProjectionHead', 'in_channels': 16, 'hidden_channels': 12, 'out_channels': 8,
        },
    },
    'threshold': {'type': 'FixedThreshold', 'threshold': 0.0},
    'alignment': {'type': 'FeatureAlignmentLoss'},
    'contrast': {'type': 'AVContrastiveLoss', 'temperature': 0.5},
    'warmup_epochs': 0,
}  # fmt: skip
AVCLR = {
    'type': 'AvCLRReimpl',
    'student': {
        'type': 'AvCLRStudent',
        'backbone': {'type': 'ResNet3d18', 'base_channels': 2},
        'audio_backbone': {'type': 'AudioResNet', 'base_channels': 3, 'num_stages': 2},
        'fusion': {'type': 'ConcatFusion', 'video_dims': 16, 'audio_dims': 6},
        'head': {'type': 'ClsHead', 'in_channels': 22, 'num_classes': NUM_CLASSES},
        'video_projection': {
            'type': 'ProjectionHead', 'in_channels': 16, 'hidden_channels': 12, 'out_channels': 8,
            **NO_SECOND_NORM,
        },
        'audio_projection': {
            'type': 'ProjectionHead', 'in_channels': 6, 'hidden_channels': 12, 'out_channels': 8,
            **NO_SECOND_NORM,
        },
    },
    'threshold': {'type': 'FixedThreshold', 'threshold': 0.0},
    'warmup_epochs': 0,
}  # fmt: skip
METHODS = {'ltg': LTG, 'avclr': AVCLR}
VIEWS = {
    'ltg': {
        'labeled': ('weak', 'weak_gradient'),
        'unlabeled': ('weak', 'weak_gradient', 'strong', 'strong_gradient'),
    },
    'avclr': {'labeled': ('weak',), 'unlabeled': ('weak', 'strong')},
}


def build(method: str, **changes: object) -> nn.Module:
    """Return a model in float64, in which no clip sees another: batch norms are in eval mode.

    Args:
        method: ``ltg`` or ``avclr``.
        changes: parts of the algorithm that are others.
    """
    init_default_scope('mmavssl')
    torch.manual_seed(0)
    model = SSL_ALGORITHMS.build({**METHODS[method], **changes}).double()
    for name, parameter in model.student.named_parameters():
        if 'head.' in name and parameter.dim() > 1:
            nn.init.normal_(parameter)
    calibrate(model)
    return model.eval()


@torch.no_grad()
def calibrate(model: nn.Module) -> None:
    """Let batch norms have the statistics of other clips, so that features have usual sizes."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._NormBase)]
    for norm in norms:
        norm.momentum = 1.0
    video = torch.randn(16, *CLIP).double()
    student = model.train().student
    if hasattr(student, 'staged'):
        for name in ('rgb', 'gradient'):
            feature = student.staged(name, video).feature
            if student.has_projections:
                student.project(name, feature)
    else:
        student(video, torch.randn(16, *SOUND).double())
    for norm in norms:
        norm.momentum = 0.1


def batch(method: str, labeled: int = NUM_LABELED, unlabeled: int = NUM_UNLABELED) -> tuple:
    """Return inputs and samples as a loader gives them."""
    made = torch.Generator().manual_seed(1)
    sizes = {'labeled': labeled, 'unlabeled': unlabeled}

    def view(size: int) -> dict[str, Tensor]:
        tensors = {'video': torch.randn(size, *CLIP, generator=made, dtype=torch.double)}
        if method == 'avclr':
            tensors['audio'] = torch.randn(size, *SOUND, generator=made, dtype=torch.double)
        return tensors

    inputs = {
        source: {name: view(sizes[source]) for name in names}
        for source, names in VIEWS[method].items()
    }
    samples = {
        'labeled': [AVDataSample().set_gt_label(i % NUM_CLASSES) for i in range(labeled)],
        'unlabeled': [
            AVDataSample(metainfo={'sample_idx': i, 'gt_for_log': i % NUM_CLASSES})
            for i in range(unlabeled)
        ],
    }
    return inputs, samples


def grad_norm(module: nn.Module) -> float:
    """Return the sum of the absolute gradients of a module."""
    return sum(float(p.grad.abs().sum()) for p in module.parameters() if p.grad is not None)


def tensors_of(inputs: dict) -> dict[tuple[str, str, str], Tensor]:
    """Return all input tensors by source, view and modality."""
    return {
        (source, view, modality): tensor
        for source, views in inputs.items()
        for view, tensors in views.items()
        for modality, tensor in tensors.items()
    }
