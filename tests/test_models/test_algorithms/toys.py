"""Small networks and random batches for the algorithms."""

import functools
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmavssl.models.heads import ClsHead
from mmavssl.structures import AVDataSample
from mmavssl.utils.configs import load_config

NUM_CLASSES, NUM_LABELED, NUM_UNLABELED = 3, 2, 4
DEVIATION = 2.0  # over clips, of each class's logit


@functools.cache
def preset(method: str, data: str = 'ucf51') -> Config:
    """Return a shipped config, which is not to be changed: reading one takes a while."""
    return load_config(str(Path(__file__).parents[3] / f'configs/{method}/{data}_1shot.py'))


def student_cfg(audio: bool) -> dict:
    """Return the config of a recognizer of video, or of video and sound."""
    cfg = {
        'type': 'AVRecognizer',
        'backbone': {
            'type': 'TimeSformer', 'img_size': 16, 'patch_size': 4, 'num_frames': 2,
            'embed_dims': 8, 'depth': 1, 'num_heads': 2, 'drop_path_rate': 0.0,
        },
        'head': {'type': 'ClsHead', 'in_channels': 16 if audio else 8, 'num_classes': NUM_CLASSES},
    }  # fmt: skip
    if audio:
        cfg['audio_backbone'] = {
            'type': 'ASTEncoder', 'embed_dims': 8, 'depth': 1, 'num_heads': 2,
            'num_mel_bins': 16, 'num_frames': 32,
        }  # fmt: skip
        cfg['fusion'] = {
            'type': 'TransformerFusion', 'video_dims': 8, 'audio_dims': 8, 'num_layers': 1,
            'num_heads': 2, 'feedforward_channels': 16, 'dropout': 0.0,
        }  # fmt: skip
    return cfg


def batch(audio: bool = True) -> tuple[dict, dict]:
    """Return inputs and samples of an iteration."""
    generator = torch.Generator().manual_seed(1)

    def view(size: int) -> dict:
        tensors = {'video': torch.randn(size, 3, 2, 16, 16, generator=generator)}
        if audio:
            tensors['audio'] = torch.randn(size, 32, 16, generator=generator)
        return tensors

    inputs = {
        'labeled': {'weak': view(NUM_LABELED)},
        'unlabeled': {'weak': view(NUM_UNLABELED), 'strong': view(NUM_UNLABELED)},
    }
    samples = {
        'labeled': [AVDataSample().set_gt_label(i) for i in range(NUM_LABELED)],
        'unlabeled': [
            AVDataSample(metainfo={'sample_idx': 5 + i, 'gt_for_log': i % NUM_CLASSES})
            for i in range(NUM_UNLABELED)
        ],
    }
    return inputs, samples


@torch.no_grad()
def tell_apart(student: nn.Module, view: dict[str, Tensor]) -> None:
    """Let all heads give several classes to clips that look and sound much alike to them."""
    heads = [module for module in student.modules() if isinstance(module, ClsHead)]
    hooks = [head.register_forward_hook(spread) for head in heads]
    student(view['video'], view.get('audio'))
    for hook in hooks:
        hook.remove()


def spread(head: ClsHead, _: tuple, logits: Tensor) -> None:
    """Scale and shift the logits of the clips that a head has just seen."""
    scale = DEVIATION / logits.std(dim=0)
    head.fc.bias.copy_((head.fc.bias - logits.mean(dim=0)) * scale)
    head.fc.weight.mul_(scale[:, None])
