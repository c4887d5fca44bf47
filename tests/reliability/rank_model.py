"""The shipped methods with networks that take milliseconds."""

from __future__ import annotations

import functools
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

import mmavssl.engine
import mmavssl.models  # noqa: F401  (both fill the registries)
from mmavssl.registry import SSL_ALGORITHMS
from mmavssl.utils.cost import without_init_cfg
from tests.reliability.rank_data import FRAMES, SIDE, SOUND

ROOT = Path(__file__).parents[2]
LOUDNESS = 6.0  # of initial weights; as they are, all clips look the same
read = functools.cache(Config.fromfile)


def model_config(method: str, drop: float = 0.0, **changes: dict) -> dict:
    """Return the model of ``configs/<method>/avsprites_1shot.py``, smaller.

    Args:
        method: folder of the config.
        drop: rates of dropout and drop path; what they draw for a clip depends on its place in
            the batch, so that ranks cannot be compared with one process unless it is 0.
        changes: parts of the algorithm that are others.
    """
    cfg = read(ROOT / f'configs/{method}/avsprites_1shot.py').model.to_dict()
    cfg = without_init_cfg(cfg)
    student = cfg['student']
    student['backbone'].update(
        img_size=SIDE, num_frames=FRAMES, embed_dims=16, depth=2, drop_path_rate=drop
    )
    student['head']['in_channels'] = 16
    if 'audio_backbone' in student:
        student['audio_backbone'].update(
            embed_dims=16, depth=2, num_frames=SOUND[0], num_mel_bins=SOUND[1]
        )
        student['fusion'].update(
            video_dims=16, audio_dims=16, feedforward_channels=32, dropout=drop
        )
        student['head']['in_channels'] = 32
        cfg['mixer']['masker']['localizer'].update(base_channels=8, out_dims=16)
    cfg['threshold']['threshold'] = 0.6
    return {**cfg, 'warmup_epochs': 0, **changes}


def build_model(cfg: dict, dtype: torch.dtype) -> nn.Module:
    """Build a model whose teacher is sure of some clips and not of others."""
    init_default_scope('mmavssl')
    torch.manual_seed(0)
    model = SSL_ALGORITHMS.build(cfg)
    with torch.no_grad():
        for parameter in model.student.parameters():
            if parameter.dim() > 1:
                parameter.mul_(LOUDNESS)
    return model.to(dtype)
