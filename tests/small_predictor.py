"""Checkpoints of recognizers that take milliseconds, as the Runner writes them."""

from __future__ import annotations

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmavssl.datasets
import mmavssl.models  # noqa: F401  (both fill the registries)
from mmavssl.registry import MODELS

ROOT = Path(__file__).parents[1]
ASL_MIX = 'asl_mix/avsprites_1shot.py'
CENTER = {'type': 'CenterPrior', 'size': 7}


def small_config(data_root: Path, config: str = ASL_MIX, localizer: dict | None = None) -> Config:
    """Return a shipped AVSprites config with networks of one layer, on the test's data."""
    cfg = Config.fromfile(ROOT / 'configs' / config)
    student = cfg.model.student
    for name in ('backbone', 'audio_backbone'):
        if student.get(name):
            student[name].depth = 1
            # Not there, and not missed where a checkpoint has all tensors.
            student[name].init_cfg = dict(type='Pretrained', checkpoint='no/such/file.pth')
    if cfg.model.get('mixer') and localizer:
        del cfg.model.mixer.masker.localizer
        cfg.model.mixer.masker.localizer = dict(localizer)
    parts = [cfg.test_dataloader.dataset, cfg.val_dataloader.dataset]
    train = cfg.train_dataloader.dataset
    for part in [*parts, *(train.get(name) or train for name in ('labeled', 'unlabeled'))]:
        part.data_root = str(data_root)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    return cfg


def as_text(cfg: Config) -> str:
    """Return a config as the text of a file; MMEngine's own takes seconds to lay it out."""
    return '\n'.join(f'{key} = {value!r}' for key, value in cfg.to_dict().items())


def make_noisy(model: torch.nn.Module, seed: int = 0) -> None:
    """Give all networks other weights, with which the classes depend on all that goes in."""
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        if name.startswith(('student.', 'teacher.')):
            torch.nn.init.normal_(parameter, std=0.2)


def write_checkpoint(path: Path, cfg: Config, classes: list[str] | None) -> Path:
    """Write a checkpoint of a model with weights of noise; student and teacher differ."""
    init_default_scope('mmavssl')
    model = MODELS.build(cfg.model)
    make_noisy(model)
    content = {
        'state_dict': model.state_dict(),
        'meta': {'epoch': 1, 'dataset_meta': {'classes': classes} if classes else {}},
        'message_hub': {'runtime_info': {'cfg': as_text(cfg)}},
    }
    torch.save(content, path)
    return path


def class_names(data_root: Path) -> list[str]:
    """Return the names of the classes of AVSprites."""
    return (data_root / 'classes.txt').read_text().split()


def test_videos(data_root: Path) -> list[str]:
    """Return the test clips in the order of their list."""
    lines = (data_root / 'manifest_test.csv').read_text().splitlines()[1:]
    return [str(data_root / line.split(',')[0]) for line in lines]


test_videos.__test__ = False
